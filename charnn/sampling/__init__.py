"""Sampling: from logits to the next token, and to a stream of text.

To be read in this order: `sampler` (the loop over tokens), `backend` (which decoder), `decoder`
(model and draw), `logits` (temperature, top-k, top-p, min-p), `stream` (tokens to characters). A
model can be held to a grammar: `grammar` (the protocol), `constraint` (masks over the vocabulary).
"""
