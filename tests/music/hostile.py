"""Texts that no reader of tunes is ready for: real tunes damaged, and tunes made to do harm."""

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
    ),
    *("[K:", "[M:999999999/8]", "[L:1/0]", "[Q:1/4=0]", "\nK:H\n", "\nM:0\n", "\nP:A\n", "\nV:2\n"),
    *("!D.C.!", "!fine!", "!segno!", "!D.S.!", "!coda!", "U:T=!trill!", "%%begintext\n", "\x00"),
    *("\ud800", "\u0663", "\u2028", "\x85", "A////////", "A9999/9999", ">>>>", "&", "=3D", "=\n"),
)


def books() -> list[str]:
    """The texts of the tune books that come with music21."""
    import music21

    corpus = Path(music21.__file__).parent / "corpus"
    names = [
        path
        for book in ("oneills1850", "ryansMammoth", "airdsAirs")
        for path in sorted((corpus / book).glob("*.abc"))
    ]
    return [path.read_text(encoding="utf-8", errors="replace") for path in names]


def damaged(tunes: list[str], count: int, seed: int = 1) -> Iterator[str]:
    """Yield so many damaged tunes; the same for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        text = chance.choice(tunes)
        for _ in range(chance.choice((1, 1, 2, 4, 16))):
            text = _damage(text, chance, tunes)
        yield text


def _damage(text: str, chance: random.Random, tunes: list[str]) -> str:
    at = chance.randrange(len(text) + 1)
    end = min(len(text), at + chance.choice((1, 1, 2, 5, 40, 400)))
    match chance.randrange(8):
        case 0:  # one bit
            flipped = chr(ord(text[at]) ^ 1 << chance.randrange(7)) if at < len(text) else ""
            return text[:at] + flipped + text[at + 1 :]
        case 1:
            return text[:at] + text[end:]
        case 2:
            return text[:at] + text[at:end] * chance.choice((2, 3, 50)) + text[end:]
        case 3:
            return text[:at] + chance.choice(_SIGNS) + text[end:]
        case 4:
            return text[:at] + chance.choice(_PIECES) + text[at:]
        case 5:  # numbers grow
            digits = [place for place, sign in enumerate(text) if sign in "0123456789"] or [at]
            place = chance.choice(digits)
            return text[:place] + str(10 ** chance.randrange(12)) + text[place:]
        case 6:  # nesting
            opening, closing = chance.choice(("()", "[]", "{}", '""', "!!", "<>"))
            depth = chance.choice((1, 3, 30))
            return text[:at] + opening * depth + text[at:end] + closing * depth + text[end:]
        case _:
            other = chance.choice(tunes)
            return text[:at] + other[chance.randrange(len(other)) :]


def made() -> Iterator[str]:
    """Yield texts made to be slow, deep or huge."""
    head = "X:1\nT:Bad\nM:4/4\nL:1/8\nK:C\n"
    repeated = (
        *("(", ")", "[", "]", "{", "}", "|", ":", '"', "!", "+", "-", "<", ">", "^", "=", "_", "9"),
        *("/", "'", ",", "\\", "%", "&", "y", "Z", "z", "A", "(A", "A)", "(3", "(3A", "[A", "{A"),
        *("|:", ":|", "::", "|1", ":|2", "|:A", "A:|", "A::", "|1A:|", "A|1B:|2C", "[1", "[K:C]"),
        *("[CEG]", "[CEG]-", "A-", "A>", "A>B", "A||", "!a!", '"G"', "{g}A", "TA", "~A64", "Z64|"),
        *("!D.C.!A", "!segno!A|", "!fine!A|", "A!D.S.!|", "\nP:A\nA", "\nK:C\nA", "\n%%begintext"),
        *("=3D", "=\n", "\nU:T=!roll!", "\nV:1\nA", '["1"A', "[1.2A", "\nM:2/4\nA", "[r:", "+A+"),
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
    yield "X:1\nK:C\n" + "|::::::::A::::::::|" * 800
    yield "X:1\nK:C\n" + "|:A|[1-8 B:|" * 1000
    yield "X:" + "9" * 100_000 + "\nK:C\nA|\n"
    yield "X:1\nT:" + "x" * 100_000 + "\nK:C\nA|\n"
    yield "X:1\n" * 20_000
    yield "X:1\nK:C\nA\n\n" * 2_000
