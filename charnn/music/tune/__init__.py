"""The tune itself, its playing order, its chord symbols and its tempo."""
