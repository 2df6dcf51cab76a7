"""The choice of a header: learned headers are drawn in proportion to their counts."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from charnn.music.grammar.header_candidates import draw_header
from charnn.music.grammar.tune_grammar import TuneGrammar
from charnn.music.grammar.tune_request import LearnedHeader, TuneRequest
from tests.sampling.walks import LETTERS

LEARNED = (
    LearnedHeader("jig", "6/8", "1/8", "D", 25),
    LearnedHeader("jig", "6/8", "1/8", "Em", 1),
    LearnedHeader("reel", "C|", "1/8", "G", 30),
    LearnedHeader("reel", "C|", "1/8", "Am", 4),
    LearnedHeader("hornpipe", "2/4", "1/16", "G", 40),
)


def drawn(wanted: TuneRequest, seeds: range = range(500)) -> Counter[tuple[str, ...]]:
    headers = TuneGrammar(wanted, LETTERS).headers
    return Counter(draw_header(headers, seed) for seed in seeds)


def test_headers_are_drawn_in_the_learned_proportions() -> None:
    for first in (0, 1, 1000, 10**30):
        counts = drawn(TuneRequest(headers=LEARNED), range(first, first + 500))
        assert all(abs(counts[row.header] - 5 * row.tunes) <= 5 for row in LEARNED)
    few = drawn(TuneRequest(headers=LEARNED), range(5))
    assert {rhythm for rhythm, *_ in few} == {"jig", "reel", "hornpipe"}


def test_the_other_values_are_drawn_given_the_key() -> None:
    counts = drawn(TuneRequest(key="G", headers=LEARNED))
    # 70 tunes in G, and the 95 tunes in major keys count as 10 tunes.
    assert abs(counts["hornpipe", "2/4", "1/16", "G"] / 500 - (40 + 40 / 9.5) / 80) < 0.01
    assert abs(counts["jig", "6/8", "1/8", "G"] / 500 - 25 / 9.5 / 80) < 0.01
    # No tune is in this key: those in minor keys decide.
    assert drawn(TuneRequest(key="F#m", headers=LEARNED)) == {
        ("jig", "6/8", "1/8", "F#m"): 100,
        ("reel", "C|", "1/8", "F#m"): 400,
    }


@given(
    st.dictionaries(st.text(max_size=3), st.floats(1e-3, 1e6), min_size=1), st.integers(0, 2**70)
)
def test_every_seed_draws_a_header(weights: dict[str, float], seed: int) -> None:
    headers = {(rhythm, "6/8", "1/8", "D"): weight for rhythm, weight in weights.items()}
    assert draw_header(headers, seed) in headers
    assert draw_header(dict(reversed(headers.items())), seed) == draw_header(headers, seed)
