"""Engraving: the pictures of tunes, where verovio and typst are installed, and the failures."""

import html
import io
import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch
from xml.etree import ElementTree

import pytest

from charnn.errors import CharnnError, TuneError
from charnn.music.abc.reader import read_tunes
from charnn.music.score import engraving, limited_processes, limited_run, typesetter
from charnn.music.score.engraving import PAGE_HEIGHT, PictureFormat, bind, draw, engrave
from charnn.music.score.musicxml import to_musicxml
from charnn.music.score.pictures import compose
from charnn.music.tune.tune import Tune

SVG = "{http://www.w3.org/2000/svg}"
JIG = """\
X:1
T:Two Clowns, The
C:A. Composer
R:jig
M:6/8
L:1/8
Q:"Lively" 3/8=116
K:Ador
E|:"Am"A2B c2d|{fg}e~e^g (a2 g)|1 "D"edB HA3:|2 edB (3ABA G||
"""


@pytest.fixture
def jig() -> Tune:
    pytest.importorskip("verovio", reason="needs charnn[score]")
    pytest.importorskip("typst", reason="needs charnn[score]")
    return read_tunes(JIG)[0]


def parsed(svg: bytes) -> Any:
    return ElementTree.fromstring(svg)  # noqa: S314


def count_groups(svg: bytes, kind: str) -> int:
    """Return how many groups of a class the SVG contains."""
    return sum(kind in (g.get("class") or "").split() for g in parsed(svg).iter(f"{SVG}g"))


def test_the_svg_contains_everything_that_is_written(jig: Tune) -> None:
    svg = engrave(jig, "svg")
    assert count_groups(svg, "note") == 23  # two of them grace notes
    assert [
        count_groups(svg, kind) for kind in ("measure", "ending", "tuplet", "slur", "harm")
    ] == [
        5,
        2,
        1,
        1,
        2,
    ]
    assert {"The Two Clowns", "A. Composer", "jig", "Lively", "= 116"} <= texts_of(svg)


def texts_of(svg: bytes) -> set[str]:
    return {"".join(text.itertext()).strip() for text in parsed(svg).iter(f"{SVG}text")}


@pytest.mark.usefixtures("jig")
def test_chord_symbols_are_one_word_each_on_one_line() -> None:
    """Only accidentals become ♭ and ♯; no symbol reaches into the next, and none the notes."""
    symbols = ["Bb7b9", "Ebm7b5/Db", "Baug", "F#m", "D(Bbm)", "N.C.", "Cmaj7#11", "Abdim"]
    bar = "".join(f'"{symbol}"{note}' for symbol, note in zip(symbols, "AbGbAcGe", strict=True))
    svg = parsed(engrave(read_tunes(f"X:1\nM:4/4\nL:1/8\nK:Eb\n{bar}|{bar}|\n")[0], "svg"))
    drawn = [
        (float(text.get("x", "0")), text.get("y"), "".join(text.itertext()))
        for group in svg.iter(f"{SVG}g")
        if group.get("class") == "harm"
        for text in group.iter(f"{SVG}text")
    ]
    printed = ["B♭7♭9", "E♭m7♭5/D♭", "Baug", "F♯m", "D(B♭m)", "N.C.", "Cmaj7♯11", "A♭dim"]
    assert [symbol for _, _, symbol in drawn] == printed * 2
    assert len({y for _, y, _ in drawn}) == 1
    for (x, _, symbol), (next_x, _, _) in pairwise(drawn):
        assert x + 405 * 0.45 * len(symbol) < next_x  # 405 is verovio's font size


@pytest.mark.usefixtures("jig")
def test_all_chord_symbols_of_a_note_are_set_as_symbols_side_by_side() -> None:
    body = '"A7sus4""Bbm7"A2 "(F#m)"A2 "am"A2 "D/f# or Bb"A2|'
    svg = parsed(engrave(read_tunes(f"X:1\nM:4/4\nL:1/8\nK:C\n{body}\n")[0], "svg"))
    groups = [group for group in svg.iter(f"{SVG}g") if group.get("class") == "harm"]
    drawn = [text for group in groups for text in group.iter(f"{SVG}text")]
    printed = ["A7sus4", "B♭m7", "(F♯m)", "Am", "D/F♯ or B♭"]
    assert ["".join(text.itertext()).replace("\xa0", " ") for text in drawn] == printed
    for text, following in pairwise(drawn):
        width = 405 * 0.4 * len("".join(text.itertext()))
        assert float(text.get("x", "0")) + width < float(following.get("x", "0"))


@pytest.mark.usefixtures("jig")
def test_thumbs_and_slides_are_drawn() -> None:
    body = "!thumb!C2 !slide!C2 !slide![CEG]2 {a}!slide!G2|!slide!z4 C4|"
    svg = engrave(read_tunes(f"X:1\nM:4/4\nL:1/8\nK:C\n{body}\n")[0], "svg")
    assert "\u03d8" in texts_of(svg)
    drawn = [g for g in parsed(svg).iter(f"{SVG}g") if g.get("class") == "gliss slide"]
    assert [len(list(slide.iter(f"{SVG}path"))) for slide in drawn] == [1, 1, 1]


@pytest.mark.usefixtures("jig")
def test_lines_that_are_too_long_shrink_and_far_too_long_ones_are_divided() -> None:
    def systems(body: str) -> list[float]:
        """Return the width of each system in units of a staff of usual size."""
        svg = engrave(read_tunes(f"X:1\nM:4/4\nL:1/8\nK:C\n{body}")[0], "svg")
        nested = [e for e in parsed(svg).iter(f"{SVG}svg") if e.get("class") == "definition-scale"]
        return [float(e.get("viewBox", "").split()[2]) for e in nested]

    bar = "CDEF GABc|"
    short, wide = systems(bar * 4 + "\n" + bar * 6 + "\n")
    assert 21000 < short == wide <= 31500
    assert systems(bar * 16 + "\n" + bar * 2) == [21000] * 5


@pytest.mark.usefixtures("jig")
def test_words_stand_under_the_notes_and_below_the_tune() -> None:
    text = "X:1\nT:Song\nT:other\nO:Here\nP:AAB\nM:C\nL:1/4\nK:C\nCDEF|\nw:one two-three\nw:four\n"
    svg = engrave(read_tunes(text + "W:first\nW:line\nW:\nW:second " + "long " * 60)[0], "svg")
    assert count_groups(svg, "syl") == 4
    assert {"Song", "other", "Here", "AAB", "first", "line"} <= texts_of(svg)
    assert sum(text.count("long") for text in texts_of(svg)) == 60


@pytest.mark.usefixtures("jig")
def test_a_book_has_page_breaks_only_where_a_tune_does_not_fit() -> None:
    tune = read_tunes("X:1\nT:Short\nM:C\nL:1/8\nK:G\n" + "GABc dedB|\n" * 5)[0]
    picture = draw(tune, "pdf")
    assert 2 * picture.height < PAGE_HEIGHT < 3 * picture.height
    assert page_count(bind([picture] * 5, "Book")) == 3
    assert page_count(bind([picture] * 2, "Book")) == 1


def test_key_and_meter_that_change_together_are_both_drawn(jig: Tune) -> None:
    both = read_tunes(JIG[:-1] + "\\\nK:D\nM:3/4\nd2 d2 d2|\n")[0]
    before, after = engrave(jig, "svg"), engrave(both, "svg")
    assert count_groups(after, "meterSig") == count_groups(before, "meterSig") + 1


def test_the_svg_needs_no_music_font(jig: Tune) -> None:
    svg = engrave(jig, "svg").decode()
    assert "@font-face" not in svg
    assert not re.search("[\ue000-\uf8ff]", svg)


def test_the_png_has_an_empty_margin(jig: Tune) -> None:
    """No ink touches the edge, and the ink reaches from the upper to the lower third."""
    png = engrave(jig, "png")
    width, height, rows = pixels(png)
    assert width == 1654
    edge = rows[0] + rows[-1] + [row[0] for row in rows] + [row[-1] for row in rows]
    assert set(edge) == {255}
    dark = [y for y, row in enumerate(rows) if min(row) < 64]
    assert dark[0] < 0.3 * height
    assert dark[-1] > 0.7 * height


def pixels(png: bytes) -> tuple[int, int, list[list[int]]]:
    """Return width, height and the grey value (0 to 255) of each pixel of a PNG."""
    from PIL import Image  # comes with music21, by way of matplotlib

    image = Image.open(io.BytesIO(png)).convert("L")
    content, width = image.tobytes(), image.width
    rows = [list(content[y * width : (y + 1) * width]) for y in range(image.height)]
    return width, image.height, rows


@pytest.mark.usefixtures("jig")
def test_the_pdf_of_a_long_tune_has_several_pages() -> None:
    long = read_tunes(
        "X:1\nT:Long\nM:4/4\nL:1/8\nK:G\n" + ("GABc dedB|dedB dedB|" * 2 + "\n") * 30
    )[0]
    assert page_count(engrave(long, "pdf")) == 3


def page_count(pdf: bytes) -> int:
    assert pdf.startswith(b"%PDF-")
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_engraving_is_deterministic(jig: Tune) -> None:
    first, second = (draw(jig, "pdf") for _ in range(2))
    assert compose(first.blocks) == compose(second.blocks)
    assert bind([first], "Book") == bind([second], "Book")


def test_a_long_title_with_unusual_characters_fits_the_page(jig: Tune) -> None:
    odd = read_tunes("X:1\nT:" + "<é&" * 100 + "\x1b\nM:C\nK:C\nCDEF|\n")[0]
    text = next(
        text
        for text in parsed(engrave(odd, "svg")).iter(f"{SVG}text")
        if "<é&" in (text.text or "")
    )
    assert float(text.attrib["font-size"].removesuffix("px")) * len(text.text or "") * 0.5 <= 770


INJECTION = (
    '#read("secret") #include "secret" <script>alert(1)</script> ]]> &xxe; $x$ " onload="alert(1)'
)


@pytest.mark.parametrize("format_name", ["svg", "musicxml"])
def test_words_of_a_tune_are_never_markup(jig: Tune, format_name: str) -> None:
    words = INJECTION.replace('"', "'")
    fields = "".join(f"{letter}:{INJECTION}\n" for letter in "TCOSZR")
    text = JIG.replace("T:", fields + "T:").replace('"Am"', f'"^{words}"')
    tune = read_tunes(text.replace("E|:", f"P:{INJECTION}\nE|:"))[0]
    document = engrave(tune, "svg") if format_name == "svg" else to_musicxml(tune).encode()
    elements = list(parsed(document).iter())
    texts = [" ".join((element.text or "").split()) for element in elements]
    assert sum("<script>alert(1)</script> ]]> &xxe;" in text for text in texts) >= 3
    tags = {element.tag.rpartition("}")[2].lower() for element in elements}
    assert tags & {"script", "foreignobject", "image", "a", "iframe", "use"} <= {"use"}
    attributes = [pair for element in elements for pair in element.items()]
    assert not [name for name, _ in attributes if name.lower().startswith("on")]
    links = [value for name, value in attributes if name.endswith("href")]
    assert all(value.startswith("#") for value in links)
    assert b"<!ENTITY" not in document


def test_typst_does_not_run_a_title(
    jig: Tune, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The title is read from a JSON file and is never part of the typst program."""
    import typst

    (tmp_path / "secret").write_text("the secret")
    monkeypatch.chdir(tmp_path)
    pdf = engrave(read_tunes(JIG.replace("T:", f"T:{INJECTION}\nT:"))[0], "pdf").decode("latin-1")
    (title,) = re.findall(r"<dc:title>.*?<rdf:li[^>]*>(.*?)</rdf:li>", pdf)
    assert html.unescape(title) == INJECTION
    programs = []
    for words in ("plain", INJECTION):
        compiled = patch.object(typst, "compile", lambda source, **_: programs.append(source))
        (tmp_path / "book.json").write_text(json.dumps({"title": words}))
        with compiled:
            typesetter.set_pictures(tmp_path, "pdf")
        programs[-1] = Path(programs[-1]).read_text()
    assert programs[0] == programs[1]


def test_a_crash_a_failure_and_a_timeout_are_errors_of_one_sentence(
    jig: Tune, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashing = tmp_path / "crashing.py"
    crashing.write_text("import os; os.abort()")
    monkeypatch.setattr(engraving, "_ENGRAVER", crashing)
    with pytest.raises(TuneError, match=r"crashed|failed") as caught:
        engrave(jig, "svg")
    assert "MusicXML" in str(caught.value)
    crashing.write_text("raise RuntimeError('no more ink')")
    with pytest.raises(TuneError, match="no more ink"):
        engrave(jig, "svg")
    crashing.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(engraving, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(TuneError, match=r"took over 0\.2 s"):
        engrave(jig, "svg")


def test_an_engraver_beyond_its_limits_is_ended(
    jig: Tune, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """verovio never finishes some scores, for example 300 tuplets of nine long notes."""
    program = tmp_path / "endless.py"
    monkeypatch.setattr(engraving, "_ENGRAVER", program)
    monkeypatch.setattr(engraving, "MAX_CPU_SECONDS", 1)
    program.write_text("while True: pass\n")
    with pytest.raises(TuneError, match="took over 1 s"):
        engrave(jig, "svg")
    if sys.platform == "linux":
        program.write_text(f"bytes({limited_run.MAX_MEMORY})\n")
        with pytest.raises(TuneError, match="MemoryError"):
            engrave(jig, "svg")


def test_the_memory_is_limited_even_if_the_time_cannot_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resource = pytest.importorskip("resource")
    requested = []

    def refuse(kind: int, limits: tuple[int, int]) -> None:
        requested.append(kind)
        if kind == resource.RLIMIT_CPU:
            raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "setrlimit", refuse)
    limited_run.limit_resources(1)
    assert requested == [resource.RLIMIT_CPU, resource.RLIMIT_DATA]


def test_the_error_for_a_missing_engraver_names_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CharnnError, match=r"pip install 'charnn\[score\]'"):
        engrave(read_tunes(JIG)[0], "pdf")


def test_a_verovio_py_in_the_working_folder_is_not_imported(
    jig: Tune, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "verovio.py").write_text("raise SystemExit('taken')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(limited_processes, "_idle", {})
    assert engrave(jig, "svg").startswith(b"<svg")


def test_an_engraver_draws_many_tunes_and_one_that_is_gone_is_replaced(
    jig: Tune, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle: dict[Any, Any] = {}
    monkeypatch.setattr(limited_processes, "_idle", idle)
    pictures, processes = [], []
    for _ in range(3):
        pictures.append(engrave(jig, "svg"))
        ((waiting,),) = idle.values()
        processes.append(waiting.process)
        if len(processes) == 2:
            waiting.process.kill()
            waiting.process.wait()
    assert len(set(pictures)) == 1
    assert processes[0] is processes[1] is not processes[2]


def test_the_programs_import_neither_charnn_nor_heavy_libraries() -> None:
    """They are run by their path; importing charnn would cost time at every picture."""
    programs = ("limited_run.py", "engraver.py", "typesetter.py")
    paths = [str(Path(engraving.__file__).with_name(program)) for program in programs]
    code = f"import runpy, sys; [runpy.run_path(p) for p in {paths}]; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"charnn", "verovio", "typst"} & set(loaded)


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_letters_that_no_font_has_are_named(jig: Tune, kind: PictureFormat) -> None:
    warnings: list[str] = []
    odd = read_tunes(JIG.replace("T:", "T:\U0010abcd\u00c9\u0416 "))[0]
    engrave(odd, kind, warn=warnings.append)
    assert len(warnings) == 1
    assert "no installed font has \U0010abcd:" in warnings[0]
    engrave(jig, kind, warn=warnings.append)
    assert len(warnings) == 1
