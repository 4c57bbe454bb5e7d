"""Scenarios: the register as it might be, compared with the register as it is."""
