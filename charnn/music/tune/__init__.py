"""The tune: its elements, playing order, chord symbols and tempo, and the tables of theory."""
