"""Tests of what is made of a model for others."""
