"""Files out, coloured where the format can be."""
