"""Tunes by a model: a request and the grammar of tunes applied while a model samples."""
