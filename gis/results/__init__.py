"""Stored results of the analyses, whichever they are."""
