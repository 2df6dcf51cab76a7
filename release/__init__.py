"""The check of a release."""
