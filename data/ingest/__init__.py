"""Files in: read, map, check, repair, merge, report."""
