"""ABC notation: reader, writer, tune books, cleaning, transposing."""
