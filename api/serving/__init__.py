"""What stands round every request: the gate, limits, the line for the store, log and metrics."""
