"""A tune as it sounds: repeats, ornaments, swing and accompaniment."""
