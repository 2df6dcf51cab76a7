"""What a tune is: reading ABC notation, the folk books, MIDI."""
