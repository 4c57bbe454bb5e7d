"""Divisions: city, district, street, community; their codes, households and history."""
