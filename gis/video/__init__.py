"""Video points of the sharp-eyes network: inventory, working rate, law, view fields."""
