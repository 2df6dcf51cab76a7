"""The checks of a tune: bars, parts, repeats, range and key."""
