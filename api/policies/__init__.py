"""The installation's own policy file, and what another one would turn."""
