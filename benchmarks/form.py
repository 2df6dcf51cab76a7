"""Measure the form of sampled tunes beside that of training tunes: home, repetition, endings.

    python -m benchmarks.form RUN... [--num 500] [--temperature 0.8 1.0] [--bars strict off]
        [--key Bb F#m] [--rhythm R] [--best-of N] [--seed 1]

Each combination of a run, a temperature, a rule of bars and a key is a column. A cell is the figure
of the run's tunes, and in parentheses that of training tunes of the same types, meters and modes.
The figures are those of `charnn evaluate --tunes` (`charnn.music.form`). The rows below them are
the usual last bars of single types, the share of jigs, the tunes that can be read, those without a
problem, and the AUC of a classifier that tells the tunes from training tunes. --save FILE writes
the tunes of all columns to a file.
"""

import argparse
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from charnn.library import Model, load
from charnn.music.abc.reader import read_first_tune
from charnn.music.checking.report import check_tune
from charnn.music.form.compare_form import FormJudge
from charnn.music.form.form_figures import NUMBER_FIGURES
from charnn.music.form.real_tunes import FIGURES
from charnn.music.grammar.tune_request import RequestOptions

# The types whose last bars differ most.
TYPES = ("reel", "hornpipe", "slip jig")


@dataclass(frozen=True)
class Column:
    """A column of the table: a run, and how its tunes are sampled."""

    run: str
    temperature: float
    bars: str
    key: str

    def name(self) -> str:
        """Return the head of the column."""
        return " ".join(filter(None, (self.run, f"{self.temperature:g}", self.bars, self.key)))

    def tunes(self, model: Model, options: argparse.Namespace) -> list[str]:
        """Return the tunes of the column."""
        request: RequestOptions = {}
        if self.key:
            request["key"] = self.key
        if options.rhythm:
            request["rhythm"] = options.rhythm
        return list(
            model.tunes(
                options.num,
                seed=options.seed,
                temperature=self.temperature,
                bars=self.bars,
                best_of=options.best_of,
                **request,
            )
        )


def form_rows(tunes: Sequence[str], judge: FormJudge) -> Iterator[tuple[str, str]]:
    """Yield the name and the cell of each row."""
    read = [read_first_tune(text) for text in tunes]
    readable = [tune for tune in read if tune is not None]
    found = judge.compare(readable)
    for name, text in FIGURES.items():
        percent = name not in NUMBER_FIGURES
        yield text, _cell(found.new.get(name), found.real.get(name), percent=percent)
    for rhythm in TYPES:
        same_type = [tune for tune in readable if tune.rhythm == rhythm]
        of_type = judge.compare(same_type)
        cell = _cell(of_type.new.get("last_rhythm"), of_type.real.get("last_rhythm"))
        yield f"the same, {rhythm}", f"{cell} of {len(same_type)}" if same_type else "-"
    yield "jigs", _cell(found.new_types.get("jig", 0.0), found.real_types.get("jig", 0.0))
    yield "can be read", f"{len(readable) / len(tunes):.1%}"
    yield "no problem", f"{sum(check_tune(tune).ok for tune in readable) / len(tunes):.1%}"
    yield "AUC", "-" if found.auc is None else f"{found.auc:.3f}"
    telling = [f"{name} {value:+.1f}" for name, value in found.telling.items()]
    yield "what tells most", ", ".join(telling[:5]) or "-"


def _cell(new: float | None, real: float | None, *, percent: bool = True) -> str:
    spelled = [
        "-" if value is None else f"{value:.1%}" if percent else f"{value:.2f}"
        for value in (new, real)
    ]
    return f"{spelled[0]} ({spelled[1]})"


def _judge(model: Model) -> FormJudge:
    return FormJudge(filter(None, map(read_first_tune, model.learned_tunes())))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", nargs="+", metavar="RUN", help="a model of tunes")
    parser.add_argument("--num", type=int, default=200, help="tunes in a column; default: 200")
    parser.add_argument("--temperature", type=float, nargs="+", default=[0.8])
    parser.add_argument("--bars", choices=("off", "strict"), nargs="+", default=["strict"])
    parser.add_argument("--key", nargs="+", default=[""], help="keys to ask for; default: any")
    parser.add_argument("--rhythm", default="", help="the type to ask for; default: any")
    parser.add_argument("--best-of", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the tunes to FILE")
    options = parser.parse_args()
    models = {run: load(run) for run in options.runs}
    judges = {run: _judge(model) for run, model in models.items()}
    columns, tunes_of_columns = [], []
    for values in itertools.product(options.runs, options.temperature, options.bars, options.key):
        column = Column(*values)
        tunes = column.tunes(models[column.run], options)
        columns.append((column.name(), dict(form_rows(tunes, judges[column.run]))))
        tunes_of_columns += tunes
    heads = ["", *(name for name, _ in columns)]
    print(f"| {' | '.join(heads)} |\n|{' --- |' * len(heads)}")
    for row in columns[0][1]:
        print(f"| {row} | {' | '.join(cells[row] for _, cells in columns)} |")
    if options.save:
        options.save.write_text("\n\n".join(tunes_of_columns), encoding="utf-8")


if __name__ == "__main__":
    main()
