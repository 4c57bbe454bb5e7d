"""The demo district: real names, invented ground and figures, the same bytes for the same seed."""
