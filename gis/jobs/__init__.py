"""Work that outlives a request: imports, runs, exports; who asked, how far it is, what came out."""
