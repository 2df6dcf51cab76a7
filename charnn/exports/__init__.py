"""Tunes as files: one table of formats for the commands and for the page."""
