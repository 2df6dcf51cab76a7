"""The tune book of the page: keep, find and mark tunes, sets, history, import."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from threading import Lock
from typing import Any

from starlette.routing import Route

from charnn.compose.book_exports import export_kept
from charnn.compose.json_requests import answering, downloading, number_of, text_of
from charnn.compose.tune_links import link_of
from charnn.compose.tune_novelty import compare_tune
from charnn.errors import CharnnError, TuneBookError, TuneConflictError, UsageError
from charnn.exports.exported_file import ExportedFile
from charnn.tunebook.book_records import KeptTune, Novelty, TuneSet, WrittenTune
from charnn.tunebook.tune_book import TuneBook
from charnn.tunebook.tune_marks import MAX_RATING

Asked = Mapping[str, Any]
Result = dict[str, Any]
Work = Callable[[Asked], Iterator[Result]]

# A page of 200 tunes is longer than anyone reads; a search finds the others.
MAX_SHOWN = 200
MAX_NUMBER = 2**63 - 1
# Characters of an import: about 16,000 tunes, in which SQLite and the page are quick.
MAX_IMPORT = 4_000_000
IMPORT_PATH = "/api/import"


class BookApi:
    """The routes of a tune book.

    Args:
        book: the book.

    Raises:
        TuneBookError: the book cannot be read.
    """

    def __init__(self, book: TuneBook) -> None:
        self._book = book
        newest = book.history(1)
        # Tunes of the history with a larger number were written on this page.
        self._opened = newest[0].id if newest else 0
        self._importing = Lock()

    def routes(self) -> list[Route]:
        """Return the routes, all of them under /api/."""
        return [
            Route("/api/book", answering(self.find)),
            Route("/api/book", answering(self.keep), methods=["POST"]),
            Route("/api/book/export", downloading(self.export), methods=["POST"]),
            Route("/api/book/{id:int}", answering(self.tune)),
            Route("/api/book/{id:int}", answering(self.change), methods=["POST"]),
            Route("/api/sets", answering(self.sets)),
            Route("/api/sets", answering(self.save_set), methods=["POST"]),
            Route("/api/history", answering(self.history)),
            Route("/api/undo", answering(self.undo), methods=["POST"]),
            Route(IMPORT_PATH, answering(self.import_abc), methods=["POST"]),
        ]

    def recorded(self, work: Work) -> Work:
        """Return `work` with every tune that it writes in the history of the book.

        The result of a tune has its number in the history as `written`. If the book cannot be
        written, the tune still comes, with a warning.
        """

        def work_and_record(asked: Asked) -> Iterator[Result]:
            for result in work(asked):
                yield result | self._record(result, asked) if "abc" in result else result

        return work_and_record

    def find(self, asked: Asked) -> Result:
        """Return the tunes that fit `text`, `melody`, `tag` and `rating`, `from` a place on."""
        tunes = self.found(asked)
        begin = number_of(asked, "from", 0, 0, MAX_NUMBER)
        return {
            "tunes": [_shown(tune) for tune in tunes[begin : begin + MAX_SHOWN]],
            "found": len(tunes),
            "tags": self._book.tags(),
            "undo": self._book.undoable(),
            "path": str(self._book.path.absolute()),
        }

    def found(self, asked: Asked) -> list[KeptTune]:
        """Return all tunes that fit what is asked for.

        Raises:
            UsageError: a value is wrong.
        """
        return self._book.find(
            text_of(asked, "text"),
            melody=text_of(asked, "melody"),
            tag=text_of(asked, "tag"),
            rating=number_of(asked, "rating", 0, 0, MAX_RATING),
        )

    def keep(self, asked: Asked) -> Result:
        """Keep the tune `abc`, with its marks; `written` is its number in the history."""
        written = number_of(asked, "written", 0, 0, MAX_NUMBER)
        number = self._book.keep(
            text_of(asked, "abc"),
            command=text_of(asked, "command"),
            written=written or None,
            tags=_tags(asked) or (),
            note=text_of(asked, "note"),
            rating=number_of(asked, "rating", 0, 0, MAX_RATING),
        )
        return {"tune": _shown(self._book.tune(number))}

    def tune(self, asked: Asked) -> Result:
        """Return the tune `id`, kept or removed."""
        return {"tune": _shown(self._book.tune(asked["id"]))}

    def change(self, asked: Asked) -> Result:
        """Change what is given of the tune `id`; `removed` removes it or brings it back.

        `before` is the text that a new `abc` was made of. If the book has another one by now, or
        the tune was removed, nothing is changed, and `refused` is "changed" or "removed".
        """
        number, removed = asked["id"], asked.get("removed")
        if removed not in (None, True, False):
            raise UsageError("removed is true or false")
        rating = number_of(asked, "rating", 0, 0, MAX_RATING) if "rating" in asked else None
        if removed is False:
            self._book.restore(number)
        changes: dict[str, Any] = {
            name: text_of(asked, name) for name in ("abc", "before", "note") if name in asked
        }
        if rating is not None:
            changes["rating"] = rating
        if (tags := _tags(asked)) is not None:
            changes["tags"] = tags
        refused = ""
        try:
            if changes:
                self._book.change(number, **changes)
            if removed:
                self._book.remove(number)
        except TuneConflictError as problem:
            refused = "removed" if problem.removed else "changed"
        return {"tune": _shown(self._book.tune(number)), "refused": refused}

    def export(self, asked: Asked) -> ExportedFile:
        """Return the tunes of a `set`, or all that fit a search, as a file."""
        name = text_of(asked, "set")
        tunes = self._book.set_tunes(name) if name else self.found(asked)
        return export_kept(self._book, tunes, asked)

    def sets(self, asked: Asked) -> Result:
        """Return the sets, each with its tunes in their order."""
        return {"sets": [self._set(one) for one in self._book.sets()]}

    def save_set(self, asked: Asked) -> Result:
        """Save `tunes`, a list of numbers, as the set `name`; or remove it if it is `removed`."""
        name, numbers = text_of(asked, "name"), asked.get("tunes") or []
        if asked.get("removed") is True:
            self._book.remove_set(name)
            return self.sets(asked)
        if not isinstance(numbers, list) or not all(type(each) is int for each in numbers):
            raise UsageError("tunes is a list of whole numbers")
        self._book.save_set(name, numbers)
        return self.sets(asked)

    def history(self, asked: Asked) -> Result:
        """Return the tunes that were written, the newest first, those `before` a number."""
        before = number_of(asked, "before", 0, 0, MAX_NUMBER)
        tunes = self._book.history(MAX_SHOWN, before=before or None)
        return {"tunes": [self._written(tune) for tune in tunes], "more": len(tunes) == MAX_SHOWN}

    def undo(self, asked: Asked) -> Result:
        """Undo the newest removal or change, and return its title or name as `undone`."""
        return {"undone": self._book.undo()}

    def novelty(self, model: str, abc: str) -> Novelty | None:
        """Return how new a tune is, see `compare_tune`; it is compared once and then kept."""
        try:
            known = self._book.novelty(abc)
            if known is not None and known.model == model:
                return known
            found = compare_tune(model, abc)
            if found is not None:
                self._book.keep_novelty(abc, found)
            return found
        except TuneBookError:  # in use, or read-only: the tune is compared all the same
            return compare_tune(model, abc)

    def import_abc(self, asked: Asked) -> Result:
        """Keep every tune of the text `abc`."""
        text = text_of(asked, "abc")
        if len(text) > MAX_IMPORT:
            raise UsageError(
                f"a file to import has up to {MAX_IMPORT:,} characters, not {len(text):,}: "
                "divide it"
            )
        if not self._importing.acquire(blocking=False):
            raise UsageError("another file is being imported: try again when it is done")
        try:
            imported = self._book.import_abc(text)
        finally:
            self._importing.release()
        if not imported.ids and not imported.known:
            raise UsageError("the file contains no tune: a tune in ABC has a K: line, then notes")
        return {
            "added": len(imported.ids),
            "known": imported.known,
            "problems": list(imported.problems),
        }

    def _record(self, result: Result, asked: Asked) -> Result:
        try:
            number = self._book.add_written(
                result["abc"],
                command=result["command"],
                model=text_of(asked, "model"),
                seed=result["seed"],
                settings=dict(asked),
            )
        except CharnnError as problem:
            return {"warnings": [f"the tune is not in the history: {problem}"]}
        return {"written": number}

    def _set(self, one: TuneSet) -> Result:
        tunes = self._book.set_tunes(one.name)
        return {"name": one.name, "tunes": [_shown(tune) for tune in tunes]}

    def _written(self, tune: WrittenTune) -> Result:
        shown = asdict(tune)
        del shown["settings"], shown["seed"]
        link = link_of(tune.command, tune.source)
        return {**shown, "link": link, "here": tune.id > self._opened}


def _shown(tune: KeptTune) -> Result:
    shown = asdict(tune)
    del shown["source"]
    return {**shown, "link": link_of(tune.command, tune.source)}


def _tags(asked: Asked) -> list[str] | None:
    """Return the tags; None if they are not given.

    Raises:
        UsageError: they are no list of texts.
    """
    tags = asked.get("tags")
    if tags is None:
        return None
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise UsageError("tags is a list of texts")
    return tags
