"""Where the next video points belong, and what one more would add."""
