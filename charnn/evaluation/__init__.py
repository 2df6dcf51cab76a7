"""The losses of a model on held-out text, and the protocols that they are measured by."""
