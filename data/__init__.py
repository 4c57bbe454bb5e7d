"""Files in and out: import, export, reference data and the demo district."""
