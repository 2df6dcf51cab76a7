"""The page of a model: it writes what the command line writes, and nothing in it is markup."""

import base64
import hashlib
import random
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import charnn
from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.abc_vocabulary import AbcVocabulary
from charnn.corpus.byte_vocabulary import ByteVocabulary
from charnn.corpus.music_vocabulary import MusicVocabulary
from charnn.errors import UsageError
from charnn.inference.quantised import Int8Matrix
from charnn.model.cells import CELLS
from charnn.model.config import ModelConfig
from charnn.music.abc.fields import FieldError
from charnn.music.abc.key_field import parse_key
from charnn.music.abc.reader import read_whole_tune
from charnn.music.abc.tokenizer import tokenize
from charnn.music.abc.transpose_keys import transpose_chord_symbol
from charnn.music.coding.bar_labels import CADENCES, LABELS
from charnn.music.performance.player import perform
from charnn.music.tune.chord_kinds import KINDS
from charnn.share.card_training import data_section, session_commands
from charnn.share.known_facts import BUNDLED_FACTS
from charnn.share.model_page import PageText, model_page
from charnn.share.shared_model import shared_checkpoint
from tests.helpers import prose, random_checkpoint, random_weights
from tests.share.pages import USUAL, Call, Settings, call_scripts, run_pages, taken_apart, texts_of
from tests.tunes.models import coded_model

HEADER = "X:1\nT:A tune\nR:jig\nM:6/8\nL:1/8\nK:{}\n"
TEXT = prose(3000) + "é€\U0001f600"
LINES = [{}, {"temperature": 0}, {"temperature": 0.3, "stop": "e"}]
CUT = [{"topP": 0.8}, {"topK": 5, "temperature": 1.5}, {"minP": 0.2, "prime": "The é€\U0001f600"}]


def settings_of(*changes: dict[str, Any], length: int = 25) -> list[Settings]:
    """Return the settings of a text for each change of the usual ones, with seeds of all sizes."""
    seeds = (0, 1, 2**32 - 1, 2**40 + 3, 2**200 + 7, 12, 99)
    return [
        {**USUAL, "length": length, "seed": seed, **change}
        for seed, change in zip(seeds, changes, strict=False)
    ]


def compare(jobs: list[tuple[Checkpoint, list[Settings]]]) -> None:
    """Compare the texts of pages with those of the command line."""
    as_json = [
        (checkpoint, [{**each, "seed": str(each["seed"])} for each in settings], ())
        for checkpoint, settings in jobs
    ]
    for (checkpoint, settings), page in zip(jobs, run_pages(as_json), strict=True):
        expected = texts_of(checkpoint, settings)
        assert page["texts"] == expected, checkpoint.config
        assert len(set(expected)) > 1


def test_every_cell_writes_the_same_text() -> None:
    shapes: list[dict[str, Any]] = [
        {"num_layers": 1, "hidden_size": 33, "embedding_size": None},
        {"num_layers": 3, "hidden_size": 9, "pointer": 13, "pointer_width": 10, "documents": 3},
    ]
    compare(
        [
            (random_checkpoint(TEXT, cell=cell, **shape), settings_of(*LINES, *CUT))
            for cell, shape in product(CELLS, shapes)
        ]
    )


def test_bytes_become_the_same_characters() -> None:
    vocabulary = ByteVocabulary()
    config = ModelConfig(len(vocabulary), hidden_size=8)
    checkpoint = Checkpoint(config, vocabulary, random_weights(config), {})
    changes: list[dict[str, Any]] = [
        {"length": 300},
        {"prime": "é€\U0001f600\ufeff"},
        {"stop": "é"},
    ]
    compare([(checkpoint, settings_of(*changes))])
    pieces = "(all) => { const made = model.vocabulary.decoder(); return all.map(made.feed); }"
    draw = random.Random(3)
    choices = ["a", "\x80", "\xbf", "\xed", "\xa0", "\xc3", "\xe2", "\x82", "\xf0", "\xff", "\xc0"]
    chunks = ["".join(draw.choices(choices, k=draw.randint(0, 3))) for _ in range(400)]
    decoder = vocabulary.decoder()
    expected = [decoder.feed(chunk) for chunk in chunks]
    page = run_pages([(checkpoint, [], [(pieces, [chunks])])])[0]
    assert "".join(page["results"][0]) == "".join(expected)


def test_texts_begin_in_the_stored_states() -> None:
    starts = np.random.default_rng(0).uniform(-1, 1, (3, 2, 1, 8)).astype(np.float32)
    model = replace(random_checkpoint("abcdef"), starts=starts)
    compare([(model, settings_of({}, {}, {}, {}))])


def test_the_sums_of_a_wide_network_are_exact() -> None:
    """Two rows share a number, so more than 2,048 products are added up in parts."""
    numbers = np.random.default_rng(0)
    weights = numbers.choice([-1, 1], (3, 5000)).astype(np.float32)
    weights[0], hidden = 1, numbers.uniform(0.9, 1, 5000).astype(np.float32)
    matrix = Int8Matrix(weights, np.array([0.5, -0.25, 3], np.float32))
    product = """(int8, scale, bias, hidden) => {
        const [whole, product] = [new WholeUnits(hidden.length), new Float32Array(scale.length)];
        whole.quantise(Float32Array.from(hidden));
        const arrays = [Int8Array.from(int8), Float32Array.from(scale), Float32Array.from(bias)];
        new Matrix(...arrays).times(whole, product);
        return Array.from(product);
    }"""
    arrays = (matrix.int8_RK.ravel(), matrix.scale_R, matrix.bias_R, hidden)
    call = (product, [array.tolist() for array in arrays])
    page = run_pages([(random_checkpoint("ab"), [], [call])])[0]
    assert page["results"][0] == matrix.times(hidden[None])[0].tolist()


def test_tunes_are_decoded_as_on_the_command_line() -> None:
    kinds = [AbcVocabulary([*tokenize(HEADER.format("D") + 'd2"Am"|:f2 A'), *LETTERS])]
    kinds.append(MusicVocabulary([*LETTERS, "[", '"', *LABELS, *CADENCES]))
    primes = [{"prime": HEADER.format(key)} for key in ("D", "Ebm", "F#", "none", "HP", "Bb")]
    jobs = []
    for vocabulary in kinds:
        config = ModelConfig(len(vocabulary), hidden_size=16, pointer=40, pointer_width=8)
        weights = random_weights(config)
        checkpoint = Checkpoint(config, vocabulary, weights, {"documents": 5})
        jobs.append((checkpoint, settings_of({}, *primes, length=70)))
    compare(jobs)


LETTERS = "\n :|/,'^_=()-#ABCDEFGKLMRTXabcdefgijmotuxyz0123456789"


def test_keys_and_chord_symbols_are_read_as_in_python() -> None:
    draw = random.Random(1)
    words = ["D", "e", "Ador", "F#", "Gb", "mix", " exp ", "^c", "_B=f", " clef=bass", "HP", "none"]
    words += ["m", "M", "min", "E flat", "C♯", "bass", "capo=2", "transpose=-2", "xyz", "lyd", "-"]
    keys = ["".join(draw.choices(words, k=draw.randint(0, 4))) for _ in range(400)]
    signs = ["/", "/G", "/b♭", "(", ")", " ", ";", " or ", "N.C.", "9", "sus", "e", "#", *KINDS]
    chords = ["".join(draw.choices([*"ABCDEFGaeg"])) + draw.choice([*KINDS]) for _ in range(600)]
    chords = [chord + "".join(draw.choices(signs, k=draw.randint(0, 3))) for chord in chords]
    moves = [(f'"{chord}"', draw.randint(-6, 6), draw.randint(-11, 11)) for chord in chords]
    calls: list[Call] = [("(text) => parseKey(text)", [key]) for key in keys]
    move = "(...all) => new ChordMover(model.vocabulary.chordKinds).move(...all)"
    calls += [(move, [*each]) for each in moves]
    results = run_pages([(coded_model_with_chords(), [], calls)])[0]["results"]
    for key, read in zip(keys, results[: len(keys)], strict=True):
        try:
            expected = parse_key(key)
        except FieldError:
            assert read is None, key
            continue
        assert read == {"tonic": expected.tonic, "alterations": [*expected.alterations]}, key
    moved = [transpose_chord_symbol(*each) for each in moves]
    assert results[len(keys) :] == moved
    assert sum(each[0] != text for each, text in zip(moves, moved, strict=True)) > 200


TUNES = [
    """R:hornpipe\nM:C|\nL:1/8\nK:Bb
((3DE=E)|F>dB>F =E>dc>B|A2 [GB]4 E2-|1 E2_a/b/a z4:|2 E4 [e3c3] e||
[K:A]|:e"Am"d{a}c ^G,2!p! c'2|[M:3/4][L:1/4] G G c/2d3/4:|
""",
    "R:jig\nM:6/8\nL:1/8\nK:Ador\nf|gfe dBA::a>b<a (4abga|a=c'_e2|a^fA f2:|\n",
]


def test_the_player_reads_what_export_midi_plays() -> None:
    texts = [f"X:1\nT:A tune\n{tune}" for tune in TUNES]
    calls = [("(text) => notesOf(new TuneReader(text)).notes", [text]) for text in texts]
    found = call_scripts(["keys.js", "tune_reader.js"], calls)
    for text, notes in zip(texts, found, strict=True):
        sounds = perform(read_whole_tune(text), graces=False, swing=Fraction(1, 2)).sounds
        expected = [(float(s.onset), s.pitch, float(s.duration)) for s in sounds]
        read = sorted((note["time"], note["pitch"], note["quarters"]) for note in notes)
        assert np.array(read) == pytest.approx(np.array(expected))


def coded_model_with_chords() -> Checkpoint:
    """Return a model of coded tunes that have chord symbols."""
    vocabulary = MusicVocabulary([*LETTERS, '"'])
    config = ModelConfig(len(vocabulary), hidden_size=4)
    return Checkpoint(config, vocabulary, random_weights(config), {"documents": 5})


def test_the_page_runs_no_script_but_its_own_and_shows_words_as_words() -> None:
    evil = "</script><script>alert(1)</script><!-- \x00\x1b[2J\u202e & \udc80"
    checkpoint = random_checkpoint(f"{evil}ab", documents=2)
    metadata = {"corpus": evil, "protocol": evil, "nats_per_char": 1.5, "documents": 2}
    checkpoint = replace(checkpoint, metadata=metadata)
    page = taken_apart(model_page(Path("m.safetensors"), checkpoint, PageText(evil, "mit")))
    assert len(page.scripts) == 1
    assert set(page.elements) == {"data", "worker", "weights"}
    digest = base64.b64encode(hashlib.sha256(page.scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'; worker-src blob:;" in page.policy
    assert "default-src 'none'" in page.policy
    assert "unsafe" not in page.policy
    assert page.rest.count("&lt;script&gt;alert(1)") == 4
    assert not set("\x00\x1b\u202e") & set(page.rest)
    assert page.data["shape"]["tokens"] == list(checkpoint.vocabulary.tokens)


def test_the_page_of_the_bundled_model_has_the_facts_of_its_card() -> None:
    model = charnn.load("folk")
    # Exports of earlier versions have this metadata, which lacks the facts.
    copy = model_page(Path("copy.safetensors"), model.checkpoint, PageText(licence="mit"))
    for page in (model.page(), copy):
        facts = page.decode().partition("<table>")[2].partition("</table>")[0]
        for command in session_commands(BUNDLED_FACTS["sessions"]):
            assert command in facts
        assert "public-domain tunes" in facts
        assert "not recorded" not in facts


def test_a_text_of_the_user_has_no_licence_of_the_catalogue() -> None:
    model = random_checkpoint("ab")
    for sources, recorded in ((["/home/me/prose"], False), (["prose"], True)):
        metadata = {"corpus": "prose", "sources": sources}
        named = replace(model, metadata=metadata)
        page = model_page(Path("best.safetensors"), named).decode()
        assert ("PSF-2.0" in page) is recorded
        assert ("It was trained on the reference text" in page) is recorded
        assert ("not recorded" in page.partition("Licence of the text")[2][:40]) is not recorded
        assert "/home/me" not in page
        shared = shared_checkpoint(Path("best.safetensors"), named, lambda: ())
        assert ("PSF-2.0" in data_section(shared)) is recorded
        assert ("PSF-2.0" in model_page(Path("m.safetensors"), shared).decode()) is recorded


def test_abcjs_is_inlined_for_tunes_only() -> None:
    code = 'window.ABCJS = {renderAbc:\r\n () => "</script><!-- "};'
    page = taken_apart(model_page(Path("m.safetensors"), coded_model(), abcjs=code))
    assert page.scripts[0] == ('window.ABCJS = {renderAbc:\n () => "\\x3c/script>\\x3c!-- "};')
    assert 'id="score"' in page.rest
    assert page.policy.count("sha256-") == 3
    for checkpoint, wrong in ((coded_model(), "alert(1)"), (random_checkpoint("ab"), code)):
        with pytest.raises(UsageError, match="abcjs"):
            model_page(Path("m.safetensors"), checkpoint, abcjs=wrong)
