"""The one layer registry: what can be drawn, exported and served, with columns and sensitivity."""
