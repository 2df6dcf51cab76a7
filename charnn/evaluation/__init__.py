"""The loss of a model on text: the sweep, fresh windows, dynamic evaluation."""
