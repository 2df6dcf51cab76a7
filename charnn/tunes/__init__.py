"""Tunes by a model: a request and the grammar of tunes constrain the sampling of a model."""
