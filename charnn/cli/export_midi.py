"""`charnn export-midi`: hear a tune."""


def command() -> None:
    """Write the tunes of an ABC file as MIDI."""
