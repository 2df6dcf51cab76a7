"""The plans of the training tunes, one of which each new tune follows.

A model repeats bars less often than its training tunes, because it decides at each bar anew, with
a chance to leave the way each time. A tune that follows the plan of a training tune of its type and
meter repeats its bars as training tunes do.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence

from charnn.music.coding.form_plan import FormPlan, plan_text
from charnn.music.grammar.bar_filling import DEFAULT_PART_BARS, MAX_ENDING_BARS
from charnn.music.grammar.tune_form import TuneForm

_MAX_DRAWS = 64  # 17 % of the plans of the folk tunes have parts of other lengths than 4 or 8 bars


class FormPlans:
    """The plans of the training tunes, by type and meter.

    Args:
        entries: for each pair of type and meter, a text for each training tune.
        read: a function that turns such a text into the text of a plan; `""` for no plan.
    """

    def __init__(
        self,
        entries: Mapping[tuple[str, str], Sequence[str]],
        read: Callable[[str], str] = str,
    ) -> None:
        self._entries = entries
        self._read = read

    @classmethod
    def of_tunes(cls, tunes: Iterable[tuple[str, str, str]]) -> "FormPlans":
        """Return the plans of tunes, each given as its type, its meter and its text.

        A tune is read only when its plan is drawn: all plans of the folk tunes take seconds.
        """
        entries: dict[tuple[str, str], list[str]] = {}
        for rhythm, meter, tune in tunes:
            entries.setdefault((rhythm, meter), []).append(tune)
        return cls(entries, plan_text)

    def to_json(self) -> list[list[str]]:
        """Return a row for each type and meter: both, and the plans with spaces between them.

        A tune without a plan has the plan `-`.
        """
        return [
            [*group, " ".join(self._read(text) or "-" for text in texts)]
            for group, texts in sorted(self._entries.items())
        ]

    @classmethod
    def from_json(cls, value: object) -> "FormPlans":
        """Return the plans that `to_json` wrote.

        Raises:
            ValueError: `value` is not a list of such rows.
        """
        if not isinstance(value, list):
            raise ValueError("plans are a list")
        entries: dict[tuple[str, str], list[str]] = {}
        for row in value:
            if not isinstance(row, list) or [type(item) for item in row] != [str] * 3:
                raise ValueError("plans have a type, a meter and a text")
            rhythm, meter, texts = row
            entries[rhythm, meter] = texts.split(" ")
        return cls(entries)

    def draw(
        self, rhythm: str, meter: str, form: TuneForm, part_bars: int, seed: int
    ) -> FormPlan | None:
        """Return the plan of a training tune that a seed draws; `None` if none was found.

        Args:
            rhythm, meter: the type and the meter of the training tune; if no training tune has
                both, the meter decides.
            form: the parts of the new tune.
            part_bars: the number of bars of each part; 0 for any usual number.
            seed: the seed of the new tune.
        """
        texts = self._entries.get((rhythm, meter)) or [
            text for (_, other), group in self._entries.items() if other == meter for text in group
        ]
        lengths = (part_bars,) if part_bars else DEFAULT_PART_BARS
        generator = random.Random(f"plan {seed}")
        for _ in range(_MAX_DRAWS if texts and not form.copies_parts else 0):
            text = self._read(generator.choice(texts))
            try:
                plan = FormPlan.from_text(text)
            except ValueError:
                continue  # a tune without a plan
            if _suits(plan, form) and all(part.bars in lengths for part in plan.parts):
                return plan
        return None


def _suits(plan: FormPlan, form: TuneForm) -> bool:
    """Return whether a tune of a form can have the parts and the endings of a plan."""
    endings_fit = all(
        form.part(number).may_have_endings
        and part.bars - part.bars_before_endings <= MAX_ENDING_BARS
        for number, part in enumerate(plan.parts)
        if part.bars_before_endings
    )
    return form.min_parts <= len(plan.parts) <= form.max_parts and endings_fit
