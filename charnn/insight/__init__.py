"""Looking inside a model that was trained."""
