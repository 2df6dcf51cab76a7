"""How long does the worst tune take to read and to play?

    python benchmarks/hostile_tunes.py [COUNT] [--seed N]

damages COUNT (10,000) tunes of the books that come with music21, adds the hostile texts of
`tests/music/hostile.py`, and reads and plays each. Any failure but a refusal ends it with a
traceback. Run it from the root of the repository, which holds the tests.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from charnn.music.books import split_book
from tests.music.hostile import books, damaged, made
from tests.music.test_reading_hostile import read_and_play


def main() -> int:
    """Read them all and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", nargs="?", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tunes = [source.text for book in books() for source in split_book(book)]
    texts = [*damaged(tunes, options.count, options.seed), *made()]
    results = []
    for text in texts:
        try:
            results.append((*read_and_play(text), text))
        except BaseException:
            print(ascii(text), file=sys.stderr)
            raise
    played = sum(count for count, _, _ in results)
    _, slowest, text = max(results, key=lambda result: result[1])
    print(f"{len(texts)} texts, {played} tunes played, none failed")
    print(f"the slowest tune took {slowest:.2f} s: {ascii(text)[:100]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
