"""A seeded, invented district; shares no code with the analyses."""
