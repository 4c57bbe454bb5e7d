"""Files that people send: taken to disk, looked at."""
