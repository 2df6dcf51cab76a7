"""Sampling: from logits to the next token, to a stream of text."""
