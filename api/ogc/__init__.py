"""The documents of OGC API Features: links, collections, features, queryables, OpenAPI, HTML."""
