"""Measure how often the header of an opening is found.

    python -m benchmarks.opening RUN... [--tunes 60] [--show]

The openings are the first two full bars of held-out folk tunes with a type, with their pick-up and
without any header. A signature is right if the key has the right sharps or flats, a mode if the
whole key is right.
"""

import argparse
import random
import re
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

import charnn
from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.scan import DEFAULT_VAL_FRACTION, split_documents
from charnn.corpus.sources import open_catalogue_corpus
from charnn.music.abc.key_field import is_key, parse_key
from charnn.music.grammar.body_grammar import BodyGrammar
from charnn.music.grammar.header_candidates import read_opening
from charnn.music.grammar.tune_form import TuneForm
from charnn.music.grammar.tune_grammar import TuneGrammar
from charnn.music.grammar.tune_request import Header, make_request
from charnn.sampling.sampler import Sampler
from charnn.tunes.opening_header import OpeningCoder, likeliest_header
from charnn.tunes.training_tunes import load_header_stats
from charnn.tunes.tune_writer import fit_request

CHARACTERS = "".join(map(chr, range(32, 127))) + "\n"
# Two bars after which an ending follows are found later, as more bars.
MAX_LENGTH = 80
_TUNE = re.compile(r"R:(.*)\nM:(.*)\nL:(.*)\nK:(.*)\n((?:.*\n)*)")
# A single bar line inside a part.
_BAR_LINE = re.compile(r"(?<![:|])\|(?![:|\]\[1-2])")


class Opening(NamedTuple):
    """An opening, and the header of its tune."""

    header: Header
    music: str


def openings(checkpoint: Checkpoint, count: int) -> list[Opening]:
    """Return openings of held-out tunes, always the same ones."""
    val_fraction = checkpoint.metadata.get("val_fraction", DEFAULT_VAL_FRACTION)
    _, held_out = split_documents(open_catalogue_corpus("folk"), val_fraction)
    found = [opening for document in held_out for opening in _opening(document.text())]
    random.Random(1).shuffle(found)
    return found[:count]


def _opening(tune: str) -> Iterator[Opening]:
    """Yield the opening of a tune with a whole header, if the grammar accepts two of its bars."""
    found = _TUNE.search(tune)
    if found is None or not is_key(found[4]) or not parse_key(found[4]).tonic:
        return
    header, body = (found[1], found[2], found[3], found[4]), found[5].replace("\n", "")
    grammar = BodyGrammar(CHARACTERS, 0, TuneForm(""))
    for bar_line in _BAR_LINE.finditer(body):
        music = body[: bar_line.end()]
        _, state = read_opening(header[1], header[2], music, grammar)
        if state is None:
            return
        after = grammar.bar_lines.after(state, state.partial) or state
        if after.bars_done >= 2:
            if after.bars_done == 2 and len(music) < MAX_LENGTH:
                yield Opening(header, music)
            return


def main() -> int:
    """Print the figures of each run; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("runs", nargs="+", metavar="RUN")
    parser.add_argument("--tunes", type=int, default=60)
    parser.add_argument("--show", action="store_true", help="also show the wrong headers")
    options = parser.parse_args()
    for run in options.runs:
        model = charnn.load(run)
        headers = load_header_stats(model.path, model.checkpoint)
        assert headers is not None
        sampler = Sampler(model.checkpoint, may_end=True)
        characters = {text for text in sampler.token_texts if len(text) == 1}
        right, seconds = dict.fromkeys(("signature", "mode", "type", "all"), 0), []
        found = openings(model.checkpoint, options.tunes)
        for opening in found:
            request, _ = fit_request(make_request(prime=opening.music), model.checkpoint, headers)
            begin = time.perf_counter()
            candidates = TuneGrammar(request, characters).candidates
            coder = OpeningCoder(sampler.vocabulary, request)
            header = likeliest_header(sampler, coder, candidates)
            seconds.append(time.perf_counter() - begin)
            key, true_key = parse_key(header[3]), parse_key(opening.header[3])
            signature, same_type = key.sharps == true_key.sharps, header[0] == opening.header[0]
            mode = signature and key.mode == true_key.mode
            right["signature"] += signature
            right["mode"] += mode
            right["type"] += same_type
            right["all"] += mode and same_type
            if options.show and not (mode and same_type):
                print(" ".join(opening.header), "->", " ".join(header), "  ", opening.music)
        figures = ", ".join(f"{name} {number}" for name, number in right.items())
        seconds.sort()
        print(
            f"{run}: of {len(found)} openings, right in {figures}; "
            f"{seconds[len(seconds) // 2]:.2f} s each, at most {seconds[-1]:.2f} s"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
