"""Files that were sent over the web and wait to be taken in; saved mappings of columns."""
