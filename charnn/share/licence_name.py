"""The names of licences, as SPDX and Hugging Face write them."""

import re

from charnn.errors import UsageError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,63}")


def check_licence_name(text: str) -> None:
    """Raise an error if a text is neither empty nor the name of a licence.

    Raises:
        UsageError: it is neither.
    """
    if text and not is_licence_name(text):
        raise UsageError(
            "--licence takes the name of a licence, such as mit, cc-by-4.0 or my-licence-1.0"
        )


def is_licence_name(text: str) -> bool:
    """Return whether a text can be the name of a licence."""
    return _NAME.fullmatch(text) is not None
