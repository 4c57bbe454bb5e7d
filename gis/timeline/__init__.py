"""The day the data speak of: no analysis reads the clock."""
