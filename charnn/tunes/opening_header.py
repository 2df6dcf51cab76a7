"""The header of an opening: the likeliest type, meter, unit and key of given notes.

By Bayes' rule, the probability of a header, given the notes, is in proportion to the number of
training tunes with this header, times the probability of the notes after this header. The model
gives the latter.
"""

import math
from collections import Counter
from collections.abc import Mapping

import numpy as np

from charnn.corpus.vocabulary import UNKNOWN, Vocabulary
from charnn.errors import UsageError
from charnn.music.abc.key_names import KEYS
from charnn.music.grammar.reading_key import reading_key
from charnn.music.grammar.tune_request import Header, TuneRequest
from charnn.sampling.likelihood import score_ends
from charnn.sampling.sampler import Sampler

# Headers are dropped when they are less likely than the best one by this factor, e to the power of
# 5. 8 instead of 5 takes twice the time, and is right no more often.
_MARGIN = 5.0
# The ends of groups of notes. The rest of an opening is a group, too.
_GROUP_ENDS = (" ", "|", "\n")
# The title of tunes without one in cleaned books.
_NO_TITLE = "Untitled"


class OpeningCoder:
    """A translation of the opening of a request to tokens, which depend on the header.

    Args:
        vocabulary: the vocabulary of the model.
        request: the request; its opening is not empty.
    """

    def __init__(self, vocabulary: Vocabulary, request: TuneRequest) -> None:
        self._vocabulary, self._request = vocabulary, request
        self._token_texts = vocabulary.token_texts()
        self._openings: dict[tuple[str, ...], list[int]] = {}

    def pieces(self, header: Header) -> list[list[int]]:
        """Return the tokens of a header, and those of each group of notes of the opening.

        The opening has as many groups after every header, but their numbers of tokens differ: an
        octave mark, for example, is a token of its own.
        """
        read = header[3]
        if self._vocabulary.moves_keys:
            read = reading_key(read, self._request.headers)
        beginning = self._vocabulary.encode(
            header_text(self._request, (*header[:3], read))
        ).tolist()
        groups: list[list[int]] = [[]]
        for token_id in self._opening(header):
            groups[-1].append(token_id)
            if self._token_texts[token_id][-1:] in _GROUP_ENDS:
                groups.append([])
        return [beginning, *groups]

    def coded_text(self, header: Header) -> str:
        """Return the opening as the model writes it after this header.

        Raises:
            UsageError: the opening contains a character that the model does not know.
        """
        ids = self._opening(header)
        if UNKNOWN in ids:
            raise UsageError(
                f"{self._first_unknown(header)!r} is not in the vocabulary of the model: ask for a "
                "tune without it"
            )
        return "".join(self._token_texts[token_id] for token_id in ids)

    def can_write(self, header: Header) -> bool:
        """Return whether the model knows all characters of the opening in this key."""
        return UNKNOWN not in self._opening(header)

    def _first_unknown(self, header: Header) -> str:
        """Return the first character of the opening that the model cannot write in this key."""
        text, opening = header_text(self._request, header), self._request.opening
        begin = len(self._vocabulary.encode(text))
        for stop in range(1, len(opening)):
            if UNKNOWN in self._vocabulary.encode(text + opening[:stop])[begin:]:
                return opening[stop - 1]
        return opening[-1:]

    def _opening(self, header: Header) -> list[int]:
        """Return the tokens of the opening in this meter, unit length and key."""
        if header[1:] not in self._openings:
            text = header_text(self._request, header)
            begin = len(self._vocabulary.encode(text))
            ids = self._vocabulary.encode(text + self._request.opening).tolist()
            self._openings[header[1:]] = ids[begin:]
        return self._openings[header[1:]]


def header_text(request: TuneRequest, header: Header) -> str:
    """Return the text of a header as a model reads it, with the title of the request."""
    values = dict(zip("TRMLK", (request.title or _NO_TITLE, *header), strict=True))
    present = (field for field in request.fields if values[field])
    return "X:1\n" + "".join(f"{field}:{values[field]}\n" for field in present)


def likeliest_header(
    sampler: Sampler, coder: OpeningCoder, headers: Mapping[Header, float]
) -> Header:
    """Return the likeliest header of an opening.

    The key is the likeliest one over all types and meters, and the other values are the likeliest
    ones in this key.

    Args:
        sampler: the model.
        coder: the coder of the opening.
        headers: the headers that suit the request, each with its weight.
    """
    weights = {
        (*header[:3], key): weight
        for header, weight in headers.items()
        for key in ([header[3]] if header[3] else KEYS)
    }
    # Much rarer headers would be dropped at once, but only after the model has read them.
    least = max(weights.values()) * math.exp(-_MARGIN)
    weights = {header: weight for header, weight in weights.items() if weight >= least}
    weights = {header: weight for header, weight in weights.items() if coder.can_write(header)} or {
        max(weights, key=lambda header: weights[header]): 1.0
    }
    if len(weights) == 1:
        return next(iter(weights))
    texts = [coder.pieces(header) for header in weights]
    for beginning, *_ in texts:
        beginning.insert(0, sampler.start_id)
    steps = max(sum(map(len, text)) for text in texts)
    stepper, priors = sampler.backends.decoder.stepper, np.log(list(weights.values()))
    scores = score_ends(stepper, sampler.begin(0, steps), texts, priors, _MARGIN)
    probabilities = dict(zip(weights, np.exp(scores - scores.max()).tolist(), strict=True))
    by_key: Counter[str] = Counter()
    for header, probability in probabilities.items():
        by_key[header[3]] += probability
    key = max(by_key, key=lambda key: by_key[key])
    in_key = [header for header in probabilities if header[3] == key]
    return max(in_key, key=lambda header: probabilities[header])
