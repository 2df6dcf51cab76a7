"""Statistics of tunes, and how close a tune is to others."""
