"""The path of a text: sources, vocabulary, token ids on disk, batches."""
