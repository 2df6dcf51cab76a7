"""The player of the page: tones by the clock of the audio, and by one that a test moves."""

import math
import re
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from benchmarks.page_notes import written_notes

sync_api = pytest.importorskip("playwright.sync_api", reason="needs the group `browser`")
expect = sync_api.expect

STRONG_CLICK, WEAK_CLICK = 96, 89  # the pitches of the clicks
LOUDEST = """() => {
  const samples = new Float32Array(window.ear.fftSize);
  window.ear.getFloatTimeDomainData(samples);
  return [window.ear.context.state, Math.max(...samples.map(Math.abs))];
}"""
# The clock of the audio stands still until a test moves it: a busy machine delays no tone.
STOP_CLOCK = """() => {
  window.now = 1000;
  Object.defineProperty(BaseAudioContext.prototype, "currentTime", { get: () => window.now });
}"""
# The player looks ahead for 0.18 s, every 30 ms.
MOVE_CLOCK = """async (seconds) => {
  const end = window.now + seconds;
  while (window.now < end) {
    window.now += 0.15;
    await new Promise((resolve) => setTimeout(resolve, 45));
  }
}"""
DUET = """\
X:1
T:Two Tempos
R:hornpipe
M:4/4
L:1/8
Q:1/4=180
K:G
V:1 clef=treble-8
|:G2B2 d4-|[Q:1/4=121]d2 cB A4:|
V:2
|:G,8|[Q:1/4=121]D8:|
"""
STEPS = "X:1\nM:4/4\nL:1/4\nQ:1/4=240\nK:C\nCDEF|GABc|cBAG|FEDC|\n"


class Tone(NamedTuple):
    """A tone that was scheduled; times are in seconds."""

    start: float
    pitch: int
    end: float


def show(page: Any, abc: str) -> None:
    page.fill("#abc", abc)
    page.wait_for_selector("#score .note")
    expect(page.locator("#problems")).not_to_be_empty()


def tones(page: Any) -> list[Tone]:
    """Return the tones that were scheduled, by their starts, and forget them."""
    found = page.evaluate("window.tones.splice(0)")
    return sorted(
        Tone(one["start"], round(69 + 12 * math.log2(one["hertz"] / 440)), one["end"])
        for one in found
    )


def test_the_tune_sounds_at_a_tempo_that_changes_and_in_a_loop(tune: Any) -> None:
    tune.focus("#score")
    tune.keyboard.press("ArrowRight")
    tune.check("#loop")
    tune.click("#play")
    sounding = tune.locator("#score .sounding")
    expect(sounding).not_to_have_count(0)
    before = sounding.first.get_attribute("id")
    tune.fill("#tempo", tune.get_attribute("#tempo", "max"))
    expect(tune.locator("#bpm")).to_contain_text("200 %")
    expect(tune.locator(f"#score .sounding:not([id='{before}'])")).not_to_have_count(0)
    tune.wait_for_timeout(400)
    state, loudest = tune.evaluate(LOUDEST)
    assert state == "running"
    assert 0.01 < loudest < 1
    # The first bar comes again, and playing goes on.
    expect(tune.locator(f"#score .sounding[id='{before}']")).to_have_count(1)
    tune.select_option("#instrument", "flute")
    expect(sounding).not_to_have_count(0)
    expect(tune.locator("#play")).to_have_attribute("aria-pressed", "true")
    tune.click("#play")
    expect(sounding).to_have_count(0)


def test_a_click_on_a_note_plays_from_it_and_the_end_is_an_end(tune: Any) -> None:
    last = tune.locator("#score .note").last
    last.click(force=True)
    expect(last).to_have_class(re.compile("sounding"))
    tune.fill("#tempo", tune.get_attribute("#tempo", "min"))
    tune.fill("#tempo", tune.get_attribute("#tempo", "max"))
    expect(tune.locator("#play")).to_have_attribute("aria-pressed", "false")


def test_the_trainer_gets_faster_at_each_loop(tune: Any) -> None:
    tune.fill("#bar-from", "1")
    tune.press("#bar-from", "Tab")
    tune.click("summary")
    for name, value in {"start": 100, "end": 200, "step": 50, "loops": 1}.items():
        tune.fill(f"#trainer-{name}", str(value))
    tune.check("#trainer")
    tune.click("#play")
    for percent in (150, 200):
        expect(tune.locator("#bpm")).to_contain_text(f"{percent} %")
    expect(tune.locator("#score .sounding")).not_to_have_count(0)


def test_the_tones_are_the_notes_of_the_midi_file(page: Any) -> None:
    show(page, DUET)
    page.select_option("#instrument", "whistle")
    page.select_option("#chords", "auto")
    for summary in page.locator("#player summary").all():
        summary.click()
    page.select_option("#swing", "60")
    with page.expect_download() as download:
        page.click("[data-format=midi]")
    written = written_notes(Path(download.value.path()).read_bytes())
    assert len(written) > 20
    page.evaluate(STOP_CLOCK)
    page.click("#play")
    page.evaluate(MOVE_CLOCK, written[-1].end + 0.5)
    heard = tones(page)
    begin = heard[0].start - written[0].onset
    assert len(heard) == len(written)
    for tone, note in zip(sorted(heard), sorted(written), strict=True):
        assert tone.pitch == note.pitch
        assert tone.start - begin == pytest.approx(note.onset, abs=0.002)
        assert tone.end - begin == pytest.approx(note.end, abs=0.002)


def test_call_and_response_click_and_count_in(page: Any) -> None:
    show(page, STEPS)
    for summary in page.locator("#player summary").all():
        summary.click()
    page.fill("#response", "1")
    page.check("#click")
    page.check("#count-in")
    page.evaluate(STOP_CLOCK)
    page.click("#play")
    page.evaluate(MOVE_CLOCK, 5.5)
    heard = tones(page)
    clicks = [tone for tone in heard if tone.pitch in (STRONG_CLICK, WEAK_CLICK)]
    notes = [tone for tone in heard if tone not in clicks]
    # A bar of clicks comes first, and the bars 2 and 4 are for the musician.
    bars = [math.floor(tone.start - heard[0].start + 0.01) for tone in notes]
    assert bars == [1, 1, 1, 1, 3, 3, 3, 3]
    assert [tone.pitch for tone in notes] == [60, 62, 64, 65, 72, 71, 69, 67]
    assert [tone.pitch for tone in clicks] == [STRONG_CLICK, *[WEAK_CLICK] * 3] * 5
    beats = [round(4 * (tone.start - heard[0].start), 2) for tone in clicks]
    assert beats == pytest.approx(range(20), abs=0.01)


def test_the_tempo_changes_while_it_plays(page: Any) -> None:
    show(page, STEPS)
    page.evaluate(STOP_CLOCK)
    page.click("#play")
    page.evaluate(MOVE_CLOCK, 0.9)
    page.fill("#tempo", page.get_attribute("#tempo", "max"))
    page.evaluate(MOVE_CLOCK, 2)
    heard = tones(page)
    steps = [round(after.start - before.start, 3) for before, after in pairwise(heard)]
    assert len(heard) == 16
    assert set(steps[:3]) == {0.25}
    assert set(steps[5:]) == {0.125}


def test_reduced_motion_scrolls_at_once(page: Any) -> None:
    page.set_viewport_size({"width": 360, "height": 320})
    page.emulate_media(reduced_motion="reduce")
    show(page, STEPS.replace("FEDC|", "FEDC|" + "\nGABc|cBAG|" * 6))
    page.evaluate(
        """() => {
          window.scrolls = [];
          Element.prototype.scrollIntoView = (options) => window.scrolls.push(options.behavior);
        }"""
    )
    page.focus("#score")
    page.evaluate(STOP_CLOCK)
    page.keyboard.press(" ")
    page.evaluate(MOVE_CLOCK, 12)
    assert set(page.evaluate("window.scrolls")) == {"auto"}
    moving = """[...document.querySelectorAll("*")].filter((each) => {
      const { transitionDuration, animationName } = getComputedStyle(each);
      return transitionDuration !== "0s" || animationName !== "none";
    }).length"""
    assert page.evaluate(moving) == 0


def test_the_trainer_shows_the_numbers_in_use_and_gives_the_tempo_back(tune: Any) -> None:
    tune.click("summary")
    tune.fill("#trainer-start", "20")
    tune.check("#trainer")
    expect(tune.locator("#bpm")).to_have_text("24 beats a minute (20 %)")
    for name, number in {"start": "20", "step": "1"}.items():
        tune.fill(f"#trainer-{name}", "-5")
        tune.press(f"#trainer-{name}", "Tab")
        expect(tune.locator(f"#trainer-{name}")).to_have_value(number)
    tune.uncheck("#trainer")
    expect(tune.locator("#bpm")).to_have_text("120 beats a minute (100 %)")
    swings = tune.locator("#swing option").all_inner_texts()
    assert swings == ["as usual", "none", "60 %", "67 %"]


def test_a_pick_up_belongs_to_the_bar_after_it(page: Any) -> None:
    bars = "d2c d2d|e2e efg|d2c d2d|e2e e2"
    show(page, f"X:1\nM:6/8\nL:1/8\nQ:3/8=240\nK:G\n|:B|{bars}:|\n|a|{bars}|]\n")
    notes = page.locator("#score .note")
    first, last = notes.nth(18).bounding_box(), notes.nth(24).bounding_box()
    page.mouse.move(first["x"] + 3, first["y"] + 3)
    page.mouse.down()
    page.mouse.move(last["x"] + 3, last["y"] + 3, steps=4)
    page.mouse.up()
    expect(page.locator("#selection")).to_have_text("Bars 5 to 6 are chosen.")
    expect(page.locator("#score .chosen")).to_have_count(2)
    page.fill("#bar-to", "8")
    page.press("#bar-to", "Tab")
    page.check("#loop")
    page.evaluate(STOP_CLOCK)
    page.click("#play")
    page.evaluate(MOVE_CLOCK, 4)
    # A whole part is looped with its pick-up: four bars of half a second.
    pickups = [tone.start for tone in tones(page) if tone.pitch == 81]
    assert pickups[0] == pytest.approx(1000.06, abs=0.001)
    assert pickups[1] == pytest.approx(1002.06, abs=0.001)


def test_a_set_is_played_one_tune_after_the_other(page: Any) -> None:
    book = "\n".join(STEPS.replace("M:", f"T:Set {title}\nM:") for title in "AB")
    abc = {"name": "two.abc", "mimeType": "text/plain", "buffer": book.encode()}
    page.set_input_files("#import", abc)
    expect(page.locator("#status")).to_contain_text("2 tunes are new")
    page.click("#show-sets")
    page.fill("#set-name", "Two")
    page.press("#set-name", "Enter")
    page.click("#show-kept")
    for title in "AB":
        page.locator("#kept-tunes li", has_text=f"Set {title}").locator(".add").click()
        expect(page.locator("#status")).to_contain_text(f"Set {title} is in the set Two")
    page.click("#show-sets")
    page.evaluate(STOP_CLOCK)
    page.click("#play-set")
    expect(page.locator("#abc")).to_have_value(re.compile("Set A"))
    expect(page.locator("#play")).to_have_attribute("aria-pressed", "true")
    page.evaluate(MOVE_CLOCK, 4.5)
    expect(page.locator("#abc")).to_have_value(re.compile("Set B"))
    expect(page.locator("#play")).to_have_attribute("aria-pressed", "true")
