"""Text in: sources, vocabulary, ids on disk, batches."""
