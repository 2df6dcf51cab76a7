"""The coding of tunes: the form in which a model reads and writes them."""
