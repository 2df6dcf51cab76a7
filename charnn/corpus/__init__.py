"""The path of a text: sources, text, vocabulary, ids on disk, batches."""
