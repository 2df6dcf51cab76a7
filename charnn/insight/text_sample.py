"""A sample of long texts: as much as is needed to see what a model does."""

from collections.abc import Iterator, Sequence

# Long enough for any memory of a model, short enough for many stretches in a sample.
_STRETCH = 20_000


def sample_texts(texts: Sequence[str], limit: int) -> list[str]:
    """Return about `limit` characters of texts, spread evenly over them.

    Short texts are taken or left as a whole. A long text is cut into stretches of lines. All texts
    are returned if they are short enough together.
    """
    total = sum(map(len, texts))
    if total <= limit:
        return list(texts)
    sample: list[str] = []
    passed = taken = 0
    for stretch in _stretches(texts):
        passed += len(stretch)
        if taken + len(stretch) / 2 <= passed * limit / total:
            sample.append(stretch)
            taken += len(stretch)
    return sample


def _stretches(texts: Sequence[str]) -> Iterator[str]:
    for text in texts:
        begin = 0
        while len(text) - begin > _STRETCH:
            end = text.rfind("\n", begin, begin + _STRETCH) + 1 or begin + _STRETCH
            yield text[begin:end]
            begin = end
        yield text[begin:]
