"""The loss of a model on text, by three protocols: sweep, fresh windows, dynamic evaluation."""
