"""The headers of the tunes that a model was trained on."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from charnn.music.abc import fields
from charnn.music.abc.patterns import FIELD
from charnn.music.grammar.tune_request import TuneRequest

_SAME_METERS = ({"C", "4/4"}, {"C|", "2/2"})


class HeaderStats:
    """Which headers the tunes have that a model learned.

    Args:
        tunes: cleaned texts.
    """

    def __init__(self, tunes: Iterable[str]) -> None:
        self._headers = Counter(_header(tune) for tune in tunes)

    def to_json(self) -> list[list[str | int]]:
        """Return what `from_json` takes: R:, M:, L:, K: and how many tunes have them."""
        return [[*header, count] for header, count in sorted(self._headers.items())]

    @classmethod
    def from_json(cls, value: object) -> "HeaderStats":
        """Return the headers that `to_json` described.

        Raises:
            ValueError: it is no such list.
        """
        if not isinstance(value, list):
            raise ValueError("headers are a list")
        learned = cls(())
        for row in value:
            if not isinstance(row, list) or [type(one) for one in row] != [str, str, str, str, int]:
                raise ValueError("a header is four texts and a count")
            rhythm, meter, unit, key, count = row
            learned._headers[rhythm, meter, unit, key] = count
        return learned

    def fit(self, request: TuneRequest, any_tonic: bool = False) -> TuneRequest:
        """The wish in the words of these tunes: C for 4/4 (and C| for 2/2), or the other way, as is
        more usual among them; with their headers, and no R: where none of them has one.

        Args:
            wish: as it was made.
            any_tonic: the tunes were learned in other keys as well.
        """
        same = next((names for names in _SAME_METERS if request.meter in names), {request.meter})
        usual = max(sorted(same), key=lambda meter: self._count(request.rhythm, meter, ""))
        known = self._count(request.rhythm, usual, "") > 0
        knows_rhythms = any(rhythm for rhythm, _, _, _ in self._headers)
        headers = {
            (rhythm, meter, unit, "" if any_tonic else key)
            for rhythm, meter, unit, key in self._headers
            if meter
            and unit
            and key[:1] in "ABCDEFG"
            and fields.is_key(key)
            and bool(rhythm) == knows_rhythms
        }
        return replace(
            request,
            meter=usual if known else request.meter,
            fields="TRMLK" if request.rhythm or knows_rhythms else "TMLK",
            headers=tuple(sorted(headers)),
        )

    def doubt(self, request: TuneRequest, any_tonic: bool = False) -> str:
        """A warning if no tune learned is like the wish, else nothing.

        Args:
            wish: as `fit` gives it.
            any_tonic: the tunes were learned in other keys as well.
        """
        key = _mode(request.key) if any_tonic else request.key
        asked = {
            "--rhythm": (request.rhythm, "", ""),
            "--meter": ("", request.meter, ""),
            "--key": ("", "", key),
            "the combination": (request.rhythm, request.meter, key),
        }
        for option, words in asked.items():
            if any(words) and not self._count(*words):
                together = ", ".join(filter(None, (request.rhythm, request.meter, request.key)))
                said = getattr(request, option[2:]) if option.startswith("--") else together
                return f"the model has learned no tune with {option} {said}: expect less of it"
        return ""

    def _count(self, rhythm: str, meter: str, key: str) -> int:
        return sum(
            count
            for (r, m, _, k), count in self._headers.items()
            if rhythm in ("", r) and meter in ("", m) and key in ("", k, _mode(k))
        )


def _header(tune: str) -> tuple[str, str, str, str]:
    """The words of R:, M:, L: and K:."""
    header = dict.fromkeys("RMLK", "")
    for line in tune.split("\n"):
        if (found := FIELD.match(line)) and found[1] in header:
            header[found[1]] = found[2]
        if line.startswith("K:"):
            break
    return header["R"], header["M"], header["L"], header["K"]


def _mode(key: str) -> str:
    """A key without its tonic: `*dor`."""
    return "*" + re.sub("^[A-G][#b]?", "", key)
