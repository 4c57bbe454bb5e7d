"""What happened to the store: imports with their reports, analysis runs."""
