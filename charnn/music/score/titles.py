"""Titles as a score prints them."""

import re


def display_title(title: str) -> str:
    """Return a title with its article in front: `"Butterfly, The"` becomes `"The Butterfly"`.

    ABC collections put the article last, so that the titles sort by their first word.
    """
    inverted = re.fullmatch(r"(.+), (The|An?|Da)", title.strip())
    return f"{inverted[2]} {inverted[1]}" if inverted else title.strip()
