"""The checkpoint file, its metadata, and the folders of runs."""
