"""Find the commands that README.md and the pages of docs/ show, so that they can be run.

A fenced block without a language, or of bash, contains commands: its lines that begin with
`charnn`, alone or at the end or the beginning of a pipe. A comment before a block says why its
commands are not run: <!-- not run: it takes 20 minutes -->
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    [
        PROJECT / "README.md",
        *(PROJECT / "docs").rglob("*.md"),
        PROJECT / "checkpoints" / "README.md",
    ]
)
# Commands that are not run, by an option of theirs: docs/cli.md is made from the help, in which no
# comment can stand.
NOT_RUN = {"--soundfont": "sound fonts of the user"}
MARK = re.compile(r"<!-- not run: (?P<reason>.+) -->")


@dataclass(frozen=True)
class Stage:
    """A program of a pipe, with its arguments and the file that gets its output."""

    words: tuple[str, ...]
    output: str | None = None

    @property
    def is_charnn(self) -> bool:
        """Return whether the program is charnn."""
        return self.words[0] == "charnn"


@dataclass(frozen=True)
class Block:
    """The commands of a fenced block.

    Attributes:
        page: the path of the page in the project.
        line: the number of the block's first line.
        commands: each command as the stages of its pipe.
        reason: why the commands are not run, or `""`.
    """

    page: str
    line: int
    commands: tuple[tuple[Stage, ...], ...]
    reason: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(path: Path) -> Iterator[Block]:
    """Yield the blocks of a page that contain commands of charnn."""
    page, reason = path.relative_to(PROJECT).as_posix(), ""
    for number, language, text in fences(path.read_text(encoding="utf-8")):
        if language == "mark":
            reason = text
            continue
        if language in {"", "bash"}:
            lines = text.replace("\\\n", " ").splitlines()
            commands = list(map(pipe, filter(is_command, lines)))
            for option, why in NOT_RUN.items():
                marked = [each for each in commands if option in each[-1].words]
                commands = [each for each in commands if each not in marked]
                if marked:
                    yield Block(page, number, tuple(marked), why)
            if commands:
                yield Block(page, number, tuple(commands), reason)
        reason = ""


def fences(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line number, language and content of each fenced block.

    A mark is yielded as a block of the language `mark` with the reason as its content.
    """
    begin, language, lines = 0, "", list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        if begin and line == "```":
            yield begin, language, "\n".join(lines)
            begin = 0
        elif begin:
            lines.append(line)
        elif line.startswith("```"):
            begin, language, lines = number, line[3:], []
        elif found := MARK.fullmatch(line):
            yield number, "mark", found["reason"]


def is_command(line: str) -> bool:
    """Return whether a line of a block is a command with charnn in it."""
    return re.match(r"(\S+ [^|]*\| )?charnn ", line) is not None and "[OPTIONS]" not in line


def pipe(line: str) -> tuple[Stage, ...]:
    """Return the stages of a command line.

    >>> pipe("charnn sample | charnn tidy - > clean.abc  # tidy")[1]
    Stage(words=('charnn', 'tidy', '-'), output='clean.abc')
    """
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|>")
    lexer.whitespace_split = True
    stages: list[list[str]] = [[]]
    for word in lexer:
        if word == "|":
            stages.append([])
        else:
            stages[-1].append(word)
    return tuple(
        Stage(tuple(words[:-2]), words[-1]) if ">" in words else Stage(tuple(words))
        for words in stages
    )
