"""What is printed and hung up: plaques, the quarterly report."""
