"""Hostile texts: damaged real tunes, tunes that follow the rules of ABC without moderation, and
tunes that are made to be slow, deep or huge."""

import random
from collections.abc import Iterator
from pathlib import Path

_SIGNS = "ABcdefg^_=zxZy0123456789/',-<>()[]{}|:!+\"~.TuvH&$%\\` \n"
_PIECES = (
    *(
        "9" * 30,
        "[[[[",
        "{{{{",
        "((((",
        "]]]]",
        "(3",
        "(9",
        "(3:2:9",
        "[1",
        "|1",
        ":|2",
        "::",
        "|:",
        "[]",
        "[:",
        "+CE+",
        "!D.C. al Fine!",
        "(64",
    ),
    *("[K:", "[M:999999999/8]", "[L:1/0]", "[Q:1/4=0]", "\nK:H\n", "\nM:0\n", "\nP:A\n", "\nV:2\n"),
    *("!D.C.!", "!fine!", "!segno!", "!D.S.!", "!coda!", "U:T=!trill!", "%%begintext\n", "\x00"),
    *("\ud800", "\u0663", "\u2028", "\x85", "A////////", "A9999/9999", ">>>>", "&", "=3D", "=\n"),
)


def books() -> list[str]:
    """Return the texts of the tune books in the music21 package."""
    import music21

    corpus = Path(music21.__file__).parent / "corpus"
    names = [
        path
        for book in ("oneills1850", "ryansMammoth", "airdsAirs")
        for path in sorted((corpus / book).glob("*.abc"))
    ]
    return [path.read_text(encoding="utf-8", errors="replace") for path in names]


def damaged_tunes(tunes: list[str], count: int, seed: int = 1) -> Iterator[str]:
    """Yield `count` damaged tunes, the same for the same seed."""
    rng = random.Random(seed)
    for _ in range(count):
        text = rng.choice(tunes)
        for _ in range(rng.choice((1, 1, 2, 4, 16))):
            text = _damage(text, rng, tunes)
        yield text


def _damage(text: str, rng: random.Random, tunes: list[str]) -> str:
    at = rng.randrange(len(text) + 1)
    end = min(len(text), at + rng.choice((1, 1, 2, 5, 40, 400)))
    match rng.randrange(8):
        case 0:  # one bit
            flipped = chr(ord(text[at]) ^ 1 << rng.randrange(7)) if at < len(text) else ""
            return text[:at] + flipped + text[at + 1 :]
        case 1:
            return text[:at] + text[end:]
        case 2:
            return text[:at] + text[at:end] * rng.choice((2, 3, 50)) + text[end:]
        case 3:
            return text[:at] + rng.choice(_SIGNS) + text[end:]
        case 4:
            return text[:at] + rng.choice(_PIECES) + text[at:]
        case 5:  # numbers grow
            digits = [place for place, sign in enumerate(text) if sign in "0123456789"] or [at]
            place = rng.choice(digits)
            return text[:place] + str(10 ** rng.randrange(12)) + text[place:]
        case 6:  # nesting
            opening, closing = rng.choice(("()", "[]", "{}", '""', "!!", "<>"))
            depth = rng.choice((1, 3, 30))
            return text[:at] + opening * depth + text[at:end] + closing * depth + text[end:]
        case _:
            other = rng.choice(tunes)
            return text[:at] + other[rng.randrange(len(other)) :]


# What a title, a composer, a lyric or a word above the staff may hold.
WORDS = (
    *(
        "<script>alert(1)</script>",
        "]]>",
        "&lt;!--",
        "&xxe; <!ENTITY x SYSTEM 'file:///etc/passwd'>",
    ),
    *('" onload="alert(1)', "<degree >", "</degree>", "%s%n{0}${HOME}$(id)`id`", "\\", "'; --"),
    *('#read("/etc/passwd")', '#include "/etc/passwd"', '")]; #panic("out")', "$ x $ *b* @a <l>"),
    *(
        "../../../etc/passwd",
        "/etc/passwd",
        "..",
        "C:\\CON",
        "nul",
        "COM1",
        "-rf",
        "~/x",
        "x" * 5000,
    ),
    *("caf\u00e9", "cafe\u0301", "\u202eevil", "\ufeff", "\x00", "\x1b[2J\x07", "\ud800", "\uffff"),
    *("\U0001f3bb", "\u0627\u0644", "http://example.com/x.abc", "file:///etc/passwd", "s" * 300),
)
_NUMBERS = ("0", "1", "2", "3", "9", "12", "16", "64", "65", "200", "999999999", "-1", "")
_NOTES = ("C", "d", "^f", "_B,", "=e''", "^^G", "z", "x", "A,,,,", "b" + "'" * 6, "Z", "y", "H")
_LENGTHS = ("", "", "", "2", "3", "/", "/2", "3/2", "//", "64", "/64", "63/64", "16")
_KEYS = (
    *("C", "G", "Ador", "F#", "C#", "Cb", "HP", "Hp", "none"),
    *("D exp ^c _b =f", "Gm octave=1", "A clef=bass"),
    *("Em treble-8", "bass middle=d t=-24", "Bb alto1 octave=-3"),
)
_METERS = ("4/4", "6/8", "C|", "C", "none", "2/4", "3+2+2/8", "64/1", "1/64")
_NO_METERS = ("999999999/8", "8/999999999", "0/4", "1/0", "-3/4", "9" * 400)
_JUMPS = (
    *("!D.C.!", "!D.S.!", "!D.C.alfine!", "!D.S.alcoda!"),
    *("!segno!", "!coda!", "!fine!", "!dacoda!", "S", "O"),
)
_BARS = (
    *("[]", "|[|", "[:", ":]", "]", "||[", ":", "|1,3", ":|]", ".|"),
    *("|", "|", "|", "||", "|]", "|:", ":|", "::", ":|2", "|1", "&"),
    *("|:::", ":::|", "[|]", "[1", "[2,3", "|1-8"),
)
_FIELDS = (
    ("K", _KEYS),
    ("M", _METERS),
    ("L", ("1/8", "1/1", "1/64")),
    ("Q", ("1/4=120", "2000", '"Allegro" 3/8=40')),
    ("P", ("A", "B", "C")),
)
_WORDS_IN_QUOTES = tuple(word for word in WORDS if not {'"', "%"} & set(word) and len(word) < 99)
_NAMES = tuple(word for word in WORDS if len(word) < 999)
_SYMBOLS = ("G", "Am7", "D/F#", "N.C.")


def overgrown_tune(rng: random.Random) -> str:
    """Return a tune by the rules of ABC, but without moderation; most can be read."""
    wild = rng.choice((0.0, 0.0, 0.01, 0.1))  # the share of signs that break all bounds
    header = [f"X:{_pick(rng, _NUMBERS[1:3], _NUMBERS, wild)}"]
    letters = rng.choices("TTCOSZRN", k=3)
    header += [f"{letter}:{_pick(rng, _NAMES, WORDS, wild)}" for letter in letters]
    header += rng.choices(("", "R:hornpipe", "R:jig", "L:1/16", "L:1/1", "Q:1/4=2000"), k=2)
    header.append(f"M:{_pick(rng, _METERS, _NO_METERS, wild)}")
    if rng.random() < 0.2:
        header.append(f"P:{_order(rng, wild)}")
    if rng.random() < 0.2:
        header.append(rng.choice(("U:T=!trill!", "U:H=!D.C.!", "m:~g2={a}g{f}g", "U:")))
    header.append(f"K:{_pick(rng, _KEYS, (*WORDS, 'H', 'C' * 90), wild)}")
    body = [_line(rng, wild) for _ in range(rng.choice((1, 2, 4, 8, 30)))]
    if rng.random() < 0.1:
        body = [f"[V:{rng.randrange(4)}{rng.choice(('', ' bass'))}]{line}" for line in body]
    if rng.random() < wild:
        body += [f"V:{voice}\n{_line(rng, wild)}" for voice in range(100)]
    text = "\n".join(line for line in [*header, *body] if line)
    if rng.random() < 0.05:  # a line as long as a tune may be
        text += "\n" + (_line(rng, wild) * 16_000)[: 16_300 - len(text)]
    return text + "\n"


def _pick(rng: random.Random, tame: tuple[str, ...], foreign: tuple[str, ...], wild: float) -> str:
    return rng.choice(foreign if rng.random() < wild else tame)


def _order(rng: random.Random, wild: float) -> str:
    """Return an order of parts with nested brackets and numbers."""
    order = rng.choice("ABC")
    for _ in range(rng.randrange(5)):
        times = _pick(rng, ("2", "3", ""), _NUMBERS, wild)
        order = f"({order}{rng.choice('ABC')}){times}"
    return order


def _line(rng: random.Random, wild: float) -> str:
    if rng.random() < 0.1:
        return rng.choice(("P:A", "P:B", "P:C", f"T:{rng.choice(_NAMES)}", "L:1/8", "Q:300"))
    if rng.random() < 0.1:
        return f"w:{rng.choice(_NAMES)}"
    return "".join(
        "".join(_sign(rng, wild, 0) for _ in range(rng.randrange(9)))
        + _pick(rng, _BARS, (":" * 9 + "|", "|" + ":" * 40, "[9", "[1-999999999"), wild)
        for _ in range(rng.choice((1, 4, 8)))
    )


def _sign(rng: random.Random, wild: float, depth: int) -> str:
    """Return one element of a bar; slurs and tuplets are nested up to six deep."""
    if rng.random() < wild:
        return rng.choice((*_PIECES, *WORDS, "A&B"))
    note = rng.choice(_NOTES[:8]) + rng.choice(_LENGTHS)
    inside = (_sign(rng, wild, depth + 1) for _ in range(rng.choice((1, 2, 3))))
    match rng.randrange(9 if depth < 6 else 7):
        case 0:
            place = rng.choice(("", "^", "_", "@"))
            return f'"{place}{rng.choice((*_WORDS_IN_QUOTES, *_SYMBOLS))}"{note}'
        case 1:
            return rng.choice((*_JUMPS, "!trill!", "~", "T", ".", "!nothing!", "+roll+")) + note
        case 2:
            letter, words = rng.choice(_FIELDS)
            return f"[{letter}:{_pick(rng, words, WORDS, wild)}]"
        case 3:
            graces = rng.choices(("c", "^d", "e/", "~g"), k=rng.randrange(5))
            return f"{{{''.join(graces)}}}{note}"
        case 4:
            heads = rng.choices(_NOTES[:6], k=rng.choice((1, 2, 3, 16 if wild else 4)))
            heads = [rng.choice(("", "", "", "!1!", ".", "(", '"G"')) + head for head in heads]
            return f"[{''.join(heads)}]{rng.choice(_LENGTHS)}{rng.choice(('', '-'))}"
        case 5:
            return f"{note}{rng.choice(('>', '<', '>>', '<<<', '-', ' '))}{note}"
        case 7:
            return f"({''.join(inside)})"
        case 8:
            count = _pick(rng, ("1", "2", "3", "4", "5", "9", "11", "64"), _NUMBERS, wild)
            more = rng.choice(("", "", ":2", ":2:3", ":16:9", "::9", ":1:1"))
            return f"({count}{more}{''.join(inside)}"
        case _:
            return note


def pathological_texts() -> Iterator[str]:
    """Yield texts that are made to be slow, deep or huge."""
    head = "X:1\nT:Bad\nM:4/4\nL:1/8\nK:C\n"
    repeated = (
        *("(", ")", "[", "]", "{", "}", "|", ":", '"', "!", "+", "-", "<", ">", "^", "=", "_", "9"),
        *("/", "'", ",", "\\", "%", "&", "y", "Z", "z", "A", "(A", "A)", "(3", "(3A", "[A", "{A"),
        *("|:", ":|", "::", "|1", ":|2", "|:A", "A:|", "A::", "|1A:|", "A|1B:|2C", "[1", "[K:C]"),
        *("[CEG]", "[CEG]-", "A-", "A>", "A>B", "A||", "!a!", '"G"', "{g}A", "TA", "~A64", "Z64|"),
        *("!D.C.!A", "!segno!A|", "!fine!A|", "A!D.S.!|", "\nP:A\nA", "\nK:C\nA", "\n%%begintext"),
        *("=3D", "=\n", "\nU:T=!roll!", "\nV:1\nA", '["1"A', "[1.2A", "\nM:2/4\nA", "[r:", "+A+"),
        *(
            "[ ",
            '["',
            '["a',
            '[A"',
            "||[",
            "|[A",
            "[:",
            ":[",
            "A:",
            "[]",
            "[(A",
            "[!1!C",
            "[C>",
            "[C!l",
        ),
        *("! l", "!l a!", "+C", "+CE+", "(64A", "(1A", "q", "\u266f", "\u201c", "\xa0", "\u3000A"),
        *("G/||", "G/||A|", "G/||A:|", "G/||A|1B:|2C|", "\nP:A\n[1A:|[2B|]", "\n P:A\n A", "\n "),
        *("A|\n:", "|\n1A", "A\\\n", "\\\n", " ", "\t", "``", "H[|]", ".", "J", "(A-", "{{", "[["),
    )
    for piece in repeated:
        for size in (16_000, 100_000):
            yield head + piece * (size // len(piece))
    for value in ("999999999/8", "8/999999999", "0/4", "1/0", "9" * 5000 + "/8", "1+" * 5000):
        yield f"X:1\nM:{value}\nK:C\nABcd|\n"
        yield f"X:1\nL:{value}\nK:C\nABcd|\n"
        yield f"X:1\nQ:{value}=120\nK:C\nABcd|\n"
        yield f"X:1\nQ:1/4={value}\nK:C\nABcd|\n"
        yield f"X:1\nK:C{value}\nABcd|\n"
        yield head + f"A{value} B|\n"
    for order in ("A" * 5000, "A999999999", "(" * 5000, "((((A9)9)9)9)9", "(AB)200", ")A"):
        yield f"X:1\nP:{order}\nK:C\nP:A\n{'ABcd|' * 300}\nP:B\nA|\n"
        yield f"X:1\nP:{order}\nK:C\nP:A\n{'|:ABcd|1A:|2B:|3c:|8d|]' * 60}\nP:B\n[1A:|[2B|]\n"
    yield "X:1\nP:" + "AB" * 100 + "\nK:C\n" + "".join(f"P:{c}\nA\n" for c in "AB" * 500)
    yield "X:1\nK:C\n" + "|::::::::A::::::::|" * 800
    yield "X:1\nK:C\n" + "|:A|[1-8 B:|" * 1000
    # These once took long to accompany, to lay out, to draw or to synthesise.
    yield head + "[M:7/64]A|[M:64/1]B|" * 400
    yield head.replace("4/4", "64/2") + '"N.C."A|' + "Z64|" * 58
    yield head + "A1/64" * 1900
    yield head + "[ceg]-" * 1990
    yield "X:" + "9" * 100_000 + "\nK:C\nA|\n"
    yield "X:1\nT:" + "x" * 100_000 + "\nK:C\nA|\n"
    yield "X:1\n" * 20_000
    yield "X:1\nK:C\nA\n\n" * 2_000
