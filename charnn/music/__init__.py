"""Tunes: reading and writing ABC, checking, grammar, performance, sound and score."""
