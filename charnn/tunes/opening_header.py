"""The header of an opening: the likeliest type, meter, unit and key of given notes.

By Bayes' rule, the probability of a header, given the notes, is in proportion to the number of
training tunes with this header, times the probability of the notes after this header. The model
gives the latter.
"""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from charnn.corpus.vocabulary import Vocabulary
from charnn.music.grammar.tune_request import Header, TuneRequest
from charnn.sampling.likelihood import Continuation
from charnn.sampling.sampler import Sampler

# Headers whose probability falls behind that of the best one by this factor, e to the power of 5,
# are dropped. 8 instead of 5 takes twice the time, and is right no more often.
_MARGIN = 5.0
# The title of tunes without one in cleaned books.
_NO_TITLE = "Untitled"


def likeliest_header(
    sampler: Sampler, request: TuneRequest, headers: Mapping[Header, float]
) -> Header:
    """Return the likeliest header of the opening of a request.

    The key is the likeliest one over all types and meters, and the other values are the likeliest
    ones in this key.

    Args:
        sampler: the model.
        request: the request; its opening is not empty.
        headers: the headers that suit the request, with the number of training tunes of each.
    """
    texts = [_opening_after(header, request, sampler.vocabulary) for header in headers]
    scores = sampler.score_ends(texts, np.log(list(headers.values())), _MARGIN)
    probabilities = dict(zip(headers, np.exp(scores - scores.max()).tolist(), strict=True))
    by_key: Counter[str] = Counter()
    for header, probability in probabilities.items():
        by_key[header[3]] += probability
    key = max(by_key, key=lambda key: by_key[key])
    in_key = [header for header in probabilities if header[3] == key]
    return max(in_key, key=lambda header: probabilities[header])


def _opening_after(header: Header, request: TuneRequest, vocabulary: Vocabulary) -> Continuation:
    """Return the tokens of a tune with a header and the requested opening, which is scored."""
    values = dict(zip("TRMLK", (request.title or _NO_TITLE, *header), strict=True))
    text = "X:1\n" + "".join(f"{field}:{values[field]}\n" for field in request.fields)
    ids = vocabulary.encode(text + request.opening).tolist()
    begin = len(vocabulary.encode(text))
    return Continuation(ids, begin)
