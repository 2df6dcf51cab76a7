"""The card of a model: its facts, and that no text of a checkpoint becomes markup or YAML."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import charnn
from charnn.checkpoints.metadata import check_metadata
from charnn.corpus.byte_vocabulary import ByteVocabulary
from charnn.share.card_text import visible
from charnn.share.energy import estimate_energy
from charnn.share.model_card import Shared, model_card
from tests.helpers import PROJECT, random_checkpoint

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
SIGNS = "`*_[]()<>&|~#$@\\\"':-!{}%?=/\n\r\t\x00\x1b\x7f\x85\u2028\u202e\ud800 .,x1é"
HOSTILE = st.one_of(
    st.text(SIGNS, min_size=1, max_size=12),
    st.text(min_size=1, max_size=12),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            "---\nlicense: mit",
            "![x](https://example.com/x.png)",
            "https://example.com www.example.com a@example.com",
            "| a | b |\n| --- | --- |",
            "``` \n# Title",
            "yes",
            "null",
            "!!python/object:os.system",
            "&anchor *alias",
        ]
    ),
)


def metadata(text: str) -> dict[str, Any]:
    """Return the metadata of a measured model with `text` wherever a stranger can put a text."""
    machine = {"system": text, "processor": text, "cores": 4, "accelerator": text, "torch": text}
    return {
        "corpus": text,
        "init_from": text,
        "fingerprint": text,
        "protocol": text,
        "nats_per_char": 1.25,
        "characters": 12_345,
        "documents": 3,
        "val_fraction": 0.1,
        "position": {"step": 600, "seconds": 3600.0},
        "trained": {"steps": 700, "seconds": 7200.0},
        "threads": 2,
        "training": {"batch_size": 16, "budget": {text: 1}},
        "sessions": [{"corpus": [text], "options": ["--cell", text], "machine": machine}],
        "measured": {
            "windows": {"nats_per_char": 1.5, "protocol": text},
            "novelty": {"protocol": text, "rows": [[text, text, text]]},
        },
        "calibration": {
            "temperature": 1.1,
            "nats_per_char": 1.3,
            "calibrated_nats_per_char": 1.2,
            "protocol": text,
        },
    }


def card_of(metadata: dict[str, Any], name: str = "play") -> str:
    """Return the card of an untrained model with this metadata."""
    checkpoint = replace(random_checkpoint("abc"), metadata=check_metadata(metadata))
    return model_card(Shared(checkpoint, name, name))


def parts(card: str) -> tuple[str, str]:
    """Return the header in YAML and the Markdown of a card."""
    start, header, body = card.split("---\n", 2)
    assert start == ""
    return header, body


def markup(body: str) -> list[str]:
    """Return the kinds of markup in a text, in order, without plain text and code."""
    kinds = []
    for token in MARKDOWN.parse(body):
        kinds.append(token.type)
        kinds += [
            child.type
            for child in token.children or ()
            if child.type not in ("text", "code_inline", "softbreak", "text_special")
        ]
    return kinds


EXPECTED_MARKUP = markup(parts(card_of(metadata("x"), "x"))[1])


@settings(max_examples=100, deadline=None)
@given(HOSTILE)
def test_a_text_of_a_checkpoint_is_neither_markup_nor_yaml(text: str) -> None:
    card = card_of(metadata(text), text)
    assert not re.search(r"[^\n -~\xa1-\U0010ffff]", card)
    header, body = parts(card)
    assert markup(body) == EXPECTED_MARKUP
    # An address in plain text would become a link on GitHub and Hugging Face.
    outside_code = re.sub(r"(?ms:^```\n.*?\n```$)|(`+).+?\1", "", body)
    links = outside_code.replace("](https://github.com", "").replace("](https://doi.org", "")
    assert not re.search(r"://|(?i:www)\.", links)
    for line in header.splitlines():
        value = re.fullmatch(r"(?: |- )*(?:[a-z_-]+:)? ?(\".*\"|[\d.]*)", line)
        assert value, line
        if value[1].startswith('"'):
            json.loads(value[1])
    assert f"- name: {json.dumps(visible(text), ensure_ascii=False)}\n" in header


def test_the_card_has_the_facts_of_a_run() -> None:
    card = card_of(metadata("a text"))
    for fact in (
        "text, character by character",
        "nats per character, state carried",
        "12,345 characters",
        "held out from training: 10 %",
        "charnn train 'a text' --cell 'a text'",
        "- updates: 700",
        "- time: 7,200.0 s",
        "| a text | 1.2500 | 1.8034 |",
        "| a text | 1.5000 | 2.1640 |",
        "softmax temperature 1.100 | 1.2000 |",
        "About 448 Wh",  # two hours of two cores and of one accelerator
        "Not stated.",
    ):
        assert fact in card
    assert card.startswith('---\nlicense: "unknown"\n')
    together = card_of(metadata("a text") | {"processes": 4})
    assert "- processes: 4" in together
    assert "1.79 kWh: 7,200.0 s x (8 cores x 12 W + 4 accelerators x 200 W)" in together


def test_an_address_of_the_catalogue_is_a_link() -> None:
    assert "source: <https://raw." in card_of({"corpus": "irish", "catalogue": "irish"})


def test_what_an_old_checkpoint_lacks_is_called_not_recorded() -> None:
    card = card_of({})
    assert card.count("not recorded") >= 7
    assert "model-index" not in card
    assert "No loss was measured" in card
    assert estimate_energy({"position": {"seconds": 3.0}}) is None


def test_the_card_of_a_model_of_bytes_counts_bytes() -> None:
    checkpoint = replace(
        random_checkpoint("abc"), vocabulary=ByteVocabulary(), metadata=metadata("a text")
    )
    card = model_card(Shared(checkpoint, "a", "a"))
    for fact in ("text, byte by byte", "nats per byte, state", "12,345 bytes", "| nats per byte |"):
        assert fact in card


def test_the_card_of_the_bundled_model_names_its_source_and_licence() -> None:
    model = charnn.load("folk")
    card = model_card(Shared(model.to_share(), "folk", "folk", "mit"))
    for fact in ("public-domain tunes", "music21", "0.8373", 'license: "mit"', '- "abc-notation"'):
        assert fact in card
    # The commands are those of the notes on the model.
    notes = (PROJECT / "checkpoints" / "folk.md").read_text(encoding="utf-8")
    words = [
        word for line in re.findall(r"^charnn train folk .*", card, re.M) for word in line.split()
    ]
    assert words.count("train") == 3
    assert all(word in notes for word in words if not re.fullmatch("--name|folk-[12]", word))
    assert "not recorded" not in card
    assert "began with" not in card
    assert "does not suit documents" in card


@pytest.mark.parametrize(
    ("licence", "written"),
    [
        ("MIT", 'license: "mit"\n'),
        ("my-licence-1.0", 'license: "other"\nlicense_name: "my-licence-1.0"\n'),
    ],
)
def test_a_licence_is_written_as_the_hub_reads_it(licence: str, written: str) -> None:
    card = model_card(Shared(random_checkpoint("abc"), "a", "a", licence))
    assert written in card
    assert f"## Licence\n\n{licence}\n" in card


def test_the_parser_of_hugging_face_accepts_the_card() -> None:
    """`.ci/run` installs the parser; it is too large for a development tool."""
    hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
    for text in ("a text", "<script>`|\n---\nx: \x00'\"\\", "null", "!!x", "é: \u202e", "\ud800"):
        data = hub.ModelCard(card_of(metadata(text), text)).data
        assert (data.license, data.library_name, data.tags[0]) == ("unknown", "charnn", "charnn")
        (result,) = data.eval_results
        assert result.dataset_type == visible(text)
        assert result.metric_value == 1.25
