"""The form of tunes: home, repetition, rhyme and endings, beside those of real tunes."""
