"""The headers of the training tunes: the types, meters and keys that occur together, and titles."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches

from charnn.music.abc.dance_meters import suits_meter, usual_meter
from charnn.music.abc.key_field import is_key
from charnn.music.abc.patterns import FIELD
from charnn.music.grammar.form_plans import FormPlans
from charnn.music.grammar.title_words import TitleWords
from charnn.music.grammar.tune_request import Header, LearnedHeader, TuneRequest

# ABC 2.1, "M: - meter": C is 4/4, and C| is 2/2.
_SAME_METERS = ({"C", "4/4"}, {"C|", "2/2"})


class HeaderStats:
    """Counts of the headers (R: M: L: K:) of the tunes that a model was trained on.

    Args:
        tunes: the training tunes, cleaned.

    Attributes:
        title_words: the words of the titles; `None` if they are not known.
        plans: the plans of the tunes; `None` if they are not known.
    """

    def __init__(self, tunes: Iterable[str]) -> None:
        tunes = list(tunes)
        headers = list(map(_header, tunes))
        self._headers = Counter(headers)
        self.plans: FormPlans | None = FormPlans.of_tunes(
            (rhythm, meter, tune)
            for (rhythm, meter, _, _), tune in zip(headers, tunes, strict=True)
        )
        self.title_words: TitleWords | None = TitleWords.of_tunes(tunes)

    def to_json(self) -> list[list[str | int]]:
        """Return a row for each header: the values of R:, M:, L: and K:, and the number of tunes.

        `from_json` reads these rows.
        """
        return [[*header, count] for header, count in sorted(self._headers.items())]

    @classmethod
    def from_json(
        cls, value: object, title_words: TitleWords | None, plans: FormPlans | None
    ) -> "HeaderStats":
        """Return the counts that `to_json` wrote as rows.

        Args:
            value: the rows.
            title_words: the words of the titles; `None` if they are not known.
            plans: the plans of the tunes; `None` if they are not known.

        Raises:
            ValueError: `value` is not a list of such rows.
        """
        if not isinstance(value, list):
            raise ValueError("headers are a list")
        stats = cls(())
        stats.title_words, stats.plans = title_words, plans
        for row in value:
            if not isinstance(row, list) or [type(item) for item in row] != [str] * 4 + [int]:
                raise ValueError("a header is four texts and a count")
            rhythm, meter, unit, key, count = row
            stats._headers[rhythm, meter, unit, key] = count
        return stats

    def fit(self, request: TuneRequest) -> TuneRequest:
        """Return the request with the headers, words and meter names of the training tunes.

        C and 4/4 name the same meter, and so do C| and 2/2. The request gets the name that is
        commoner in the training tunes. If no training tune has an R: field, the new tune has an R:
        field only if a rhythm is requested.

        Args:
            request: the result of `make_request`.
        """
        names = next((names for names in _SAME_METERS if request.meter in names), {request.meter})
        commonest = max(sorted(names), key=lambda meter: self._count(request.rhythm, meter, ""))
        is_known = self._count(request.rhythm, commonest, "") > 0
        have_rhythms = any(rhythm for rhythm, _, _, _ in self._headers)
        # New tunes copy no incomplete headers, no keys without a tonic (K:none, K:HP), and no types
        # in a meter of other types.
        headers = (
            LearnedHeader(rhythm, meter, unit, key, count)
            for (rhythm, meter, unit, key), count in self._headers.items()
            if meter
            and unit
            and count > 0
            and key[:1] in "ABCDEFG"
            and is_key(key)
            and bool(rhythm) == have_rhythms
            and suits_meter(rhythm, meter)
        )
        return replace(
            request,
            meter=commonest if is_known else request.meter,
            fields="TRMLK" if request.rhythm or have_rhythms else "TMLK",
            headers=tuple(sorted(headers)),
            title_words=self.title_words,
            plans=self.plans,
        )

    def doubt(self, request: TuneRequest, any_tonic: bool = False) -> str:
        """Return a warning if no training tune has the requested values, else `""`.

        Args:
            request: the result of `fit`.
            any_tonic: whether the model was also trained on transposed tunes. If so, a training
                tune has the requested key if it has the same mode.
        """
        if request.meter and not suits_meter(request.rhythm, request.meter):
            return (
                f"{request.meter} is no meter of a {request.rhythm}: use --meter "
                f"{usual_meter(request.rhythm)}, or the new tune may be poor"
            )
        # Single options come first, because the warning names the first option without a match.
        key = _mode(request.key) if any_tonic else request.key
        requested = {
            "--rhythm": (request.rhythm, "", ""),
            "--meter": ("", request.meter, ""),
            "--key": ("", "", key),
            "the combination": (request.rhythm, request.meter, key),
        }
        for option, values in requested.items():
            if any(values) and not self._count(*values):
                given = filter(None, (request.rhythm, request.meter, request.key))
                value = getattr(request, option[2:]) if option[:2] == "--" else ", ".join(given)
                doubt = f"no training tune has {option} {value}: the new tune may be poor"
                return doubt + (self._similar_rhythm(value) if option == "--rhythm" else "")
        return ""

    def counts(self) -> dict[str, dict[str, int]]:
        """Return the numbers of tunes of each type, meter and key, the commonest first.

        Tunes without a type are counted under `""`.
        """
        counters = {"types": Counter[str](), "meters": Counter[str](), "keys": Counter[str]()}
        for (rhythm, meter, _, key), count in sorted(self._headers.items()):
            for counter, value in zip(counters.values(), (rhythm, meter, key), strict=True):
                counter[value] += count
        return {name: dict(counter.most_common()) for name, counter in counters.items()}

    def _similar_rhythm(self, rhythm: str) -> str:
        """Return a question about the type that resembles a mistyped one, or `""`."""
        similar = get_close_matches(rhythm, self.counts()["types"], n=1)
        return f". Did you mean {similar[0]}?" if similar else ""

    def _count(self, rhythm: str, meter: str, key: str) -> int:
        """Count the tunes with these values; `""` matches every value, `*dor` every dorian key."""
        return sum(
            count
            for (r, m, _, k), count in self._headers.items()
            if rhythm in ("", r) and meter in ("", m) and key in ("", k, _mode(k))
        )


def _header(tune: str) -> Header:
    """Return the values of R:, M:, L: and K:; `""` for a missing one."""
    header = dict.fromkeys("RMLK", "")
    for line in tune.split("\n"):
        if (found := FIELD.match(line)) and found[1] in header:
            header[found[1]] = found[2]
        if line.startswith("K:"):  # the header ends here; later M: and L: are changes
            break
    return header["R"], header["M"], header["L"], header["K"]


def _mode(key: str) -> str:
    """Return a key with `*` in place of its tonic: `*dor` for `Ador`."""
    return "*" + re.sub("^[A-G][#b]?", "", key)
