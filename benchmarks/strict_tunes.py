"""Measure the cost of `--bars strict`, and write tunes for `judging.py`.

    python benchmarks/strict_tunes.py RUN [--tunes 1000] [--temperature 1.0] [--out FOLDER]

Writes the same number of tunes with and without the grammar, one after the other on one thread, to
`strict.abc` and `off.abc`, and prints the time of each per tune and per character.
"""

import argparse
import sys
import time
from pathlib import Path

from charnn.checkpoints.runs import load_best
from charnn.checkpoints.stored_tunes import read_stored_tunes
from charnn.music.grammar.header_stats import HeaderStats
from charnn.music.grammar.tune_request import make_request
from charnn.sampling.params import SamplingParams
from charnn.sampling.sampler import Sampler
from charnn.tunes.tune_writer import TuneWriter

LENGTH = 2000


def main() -> int:
    """Write the tunes of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--tunes", type=int, default=1000)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--out", type=Path, default=Path())
    options = parser.parse_args()
    found = load_best(options.run, Path("checkpoints"))
    model, params = found.checkpoint, SamplingParams(options.temperature)
    request = HeaderStats(read_stored_tunes(found.path.parent)).fit(make_request())
    writer, bare = TuneWriter(model, request), Sampler(model)
    times, characters, texts = [0.0, 0.0], [0, 0], [list[str](), list[str]()]
    for seed in range(options.tunes):  # in turn, so that both run under the same load
        for which, stream in enumerate((writer.stream, bare.stream)):
            begin = time.perf_counter()
            text = "".join(stream(params, seed=seed, length=LENGTH))
            times[which] += time.perf_counter() - begin
            characters[which] += len(text)
            texts[which].append(text)
    for which, name in enumerate(("strict", "off")):
        content = "\n".join(texts[which])
        (options.out / f"{name}.abc").write_text(content, encoding="utf-8")
        print(
            f"{name:6}: {1e3 * times[which] / options.tunes:.1f} ms a tune, "
            f"{characters[which] / options.tunes:.0f} characters, "
            f"{1e6 * times[which] / characters[which]:.0f} us each"
        )
    print(f"refused by the grammar: {writer.refused_share:.2%} of the symbols")
    return 0


if __name__ == "__main__":
    sys.exit(main())
