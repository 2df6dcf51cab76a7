"""A gap as a model reads and writes it: tokens, and for coded tunes notes relative to the tonic.

Texts become tokens, and tokens become texts, in this file only. A model of coded tunes
(`charnn.corpus.music_vocabulary`) also reads and writes a label at the beginning of each bar. In
new bars it chooses the label, so that it may decide to repeat a bar. The labels of the bars that
follow depend on the new bars, so they are known only when the gap is full.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from charnn.corpus.music_vocabulary import MusicVocabulary
from charnn.corpus.vocabulary import UNKNOWN, Vocabulary
from charnn.music.coding.bar_labels import CADENCES, LABELS, insert_labels
from charnn.music.coding.tonic import TonicCoder
from charnn.music.grammar.gap_pieces import Fixed, Head, Music, Piece
from charnn.music.tune.theory import LETTERS
from charnn.tunes.gap_labels import find_labels, old_bars
from charnn.tunes.tune_gap import Gap


def code_gap(vocabulary: Vocabulary, gap: Gap) -> "GapCoding":
    """Return the coding of a gap for a model with this vocabulary."""
    coded = isinstance(vocabulary, MusicVocabulary)
    return CodedGapCoding(vocabulary, gap) if coded else GapCoding(vocabulary, gap)


class GapCoding:
    """The coding of a gap for a model that reads tunes as they are.

    Args:
        vocabulary: the vocabulary of the model. Characters that it lacks are left out.
        gap: the gap.

    Attributes:
        before_ids: the tokens before the gap.
        pieces: the pieces that the model writes, and after them the first sign that follows.
    """

    def __init__(self, vocabulary: Vocabulary, gap: Gap) -> None:
        self._vocabulary, self._gap = vocabulary, gap
        self._known = frozenset(text for text in vocabulary.token_texts() if len(text) == 1)
        self.before_ids = self._encode(gap.before)
        self.pieces: list[Piece] = []
        self._stretch_of_piece: list[int | None] = []
        self._add_pieces()
        self.pieces.append(Fixed(self._first_sign()))

    def _encode(self, text: str) -> list[int]:
        ids = self._vocabulary.encode(text)
        found: list[int] = ids[ids != UNKNOWN].tolist()
        return found

    def _add_pieces(self) -> None:
        for number, stretch in enumerate(self._gap.stretches):
            for piece in stretch.pieces:
                self._add(piece, number)

    def _add(self, piece: Piece, stretch: int | None) -> None:
        if isinstance(piece, Fixed):
            piece = Fixed("".join(c for c in piece.text if c in self._known))
        if piece != Fixed(""):
            self.pieces.append(piece)
            self._stretch_of_piece.append(stretch)

    def _first_sign(self) -> str:
        """Return the characters of the first token that follows the gap."""
        token_texts = self._vocabulary.token_texts()
        return token_texts[self._encode(self._gap.following)[0]]

    def stretches(self, piece_texts: Sequence[str]) -> tuple[str, ...]:
        """Return the text of each stretch of the gap.

        Args:
            piece_texts: the text of each piece, and of the first sign that follows.
        """
        texts = [""] * len(self._gap.stretches)
        for stretch, text in zip(self._stretch_of_piece, piece_texts, strict=False):
            if stretch is not None:
                texts[stretch] += text
        return tuple(texts)

    def following_ids(self, stretches: Sequence[str], characters: int) -> list[int]:
        """Return the tokens after the first sign that follows the gap.

        Args:
            stretches: the texts of the stretches.
            characters: the number of characters to read.
        """
        return self._encode(self._gap.following[: max(1, characters)])[1:]


class CodedGapCoding(GapCoding):
    """The coding of a gap for a model of coded tunes."""

    def _add_pieces(self) -> None:
        token_texts = self._vocabulary.token_texts()
        self._ids = {text: token_id for token_id, text in enumerate(token_texts) if text}
        self._coder, self._begun_decoder = TonicCoder(), TonicCoder(decode=True)
        self._begun_decoder.feed(self._coder.feed(self._gap.before, final=True), final=True)
        self._begun_coder = copy.copy(self._coder)
        self._bars = old_bars(self._gap)
        labels = find_labels(self._gap, self._bars)
        start = len(self._gap.before)
        for number, stretch in enumerate(self._gap.stretches):
            stop = start + len(stretch.old)
            places = [place for place in labels if start <= place < stop]
            if stretch.is_hole:
                for place in places:
                    self._add_labels(labels[place])
                for piece in stretch.pieces:
                    self._add(self._coded(piece), number)
            else:
                self._add_text(stretch.old, number, {at - start: labels[at] for at in places})
            start = stop

    def _add_text(self, text: str, stretch: int, labels: dict[int, list[Piece]]) -> None:
        """Add fixed text, with labels before some of its characters."""
        for start, stop in pairwise(sorted({0, len(text), *labels})):
            if start in labels:
                self._add_labels(labels[start])
            self._add(Fixed(self._coder.feed(text[start:stop], final=True)), stretch)

    def _add_labels(self, pieces: Sequence[Piece]) -> None:
        """Add a label and perhaps a cadence, which are no text of the gap."""
        for piece in pieces:
            self._add(piece, None)

    def _coded(self, piece: Piece) -> Piece:
        """Return the coded form of a piece in a hole."""
        if isinstance(piece, Fixed):
            return Fixed(self._coder.feed(piece.text, final=True))
        if isinstance(piece, Music):
            return replace(piece, opening=self._coder.feed(piece.opening, final=True))
        if isinstance(piece, Head):
            steps = _position(self._coder.feed("C", final=True))
            before = None if piece.before is None else piece.before + steps
            lowest, highest = piece.lowest + steps, piece.highest + steps
            return replace(piece, lowest=lowest, highest=highest, before=before)
        return piece

    def _first_sign(self) -> str:
        return self._coder.feed(self._gap.following, final=True)[:1]

    def stretches(self, piece_texts: Sequence[str]) -> tuple[str, ...]:
        """Return the text of each stretch of the gap, decoded."""
        decoder = copy.copy(self._begun_decoder)
        texts = [""] * len(self._gap.stretches)
        for stretch, text in zip(self._stretch_of_piece, piece_texts, strict=False):
            if stretch is not None:
                texts[stretch] += decoder.feed(text, final=True)
        return tuple(texts)

    def following_ids(self, stretches: Sequence[str], characters: int) -> list[int]:
        """Return the tokens after the first sign that follows the gap, with their labels."""
        filled = self._gap.before + "".join(stretches)
        # New bars have the durations of the old ones, so the old bars count.
        labelled = insert_labels(filled + self._gap.following, self._bars)
        end = left = 0
        while left < len(filled):
            left += labelled[end] not in LABELS | CADENCES
            end += 1
        coder = copy.copy(self._begun_coder)
        coder.feed("".join(stretches), final=True)
        coded = coder.feed(labelled[end : end + characters], final=True)
        return [self._ids[c] for c in coded if c in self._ids][1:]


def _position(head: str) -> int:
    """Return the position of a note head on the staff, 0 for `C`."""
    letter, marks = head[0], head[1:]
    octaves = letter.islower() + marks.count("'") - marks.count(",")
    return LETTERS.index(letter.upper()) + 7 * octaves
