"""Sampling: from logits to the next token, and to a stream of text.

Read the modules in this order: `sampler` (the loop over tokens), `backend` (the choice of a
decoder), `decoder` (model and draw), `logits` (temperature, top-k, top-p, min-p), `stream` (tokens
to characters). A grammar can constrain a model: `grammar` (the protocol), `constraint` (masks over
the vocabulary).
"""
