"""A tune as a written score: MusicXML and pictures."""
