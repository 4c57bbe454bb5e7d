"""OGC API Features over the layer registry: reference systems, filters, pages of features."""
