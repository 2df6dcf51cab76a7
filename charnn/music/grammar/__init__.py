"""The grammar of tunes: which characters may come next in a tune with whole bars."""
