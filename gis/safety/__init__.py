"""Incidents and the three-colour rating of compounds (SAF-1 to SAF-3)."""
