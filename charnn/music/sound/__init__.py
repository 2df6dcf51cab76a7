"""A tune as MIDI and WAV files."""
