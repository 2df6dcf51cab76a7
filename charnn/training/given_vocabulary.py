"""The vocabulary that a user names: the characters of a text, or the vocabulary of another run."""

from pathlib import Path

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.checkpoints.run_files import RUNS_FOLDER
from charnn.checkpoints.runs import load_best
from charnn.corpus.char_vocabulary import CharVocabulary
from charnn.corpus.line_ends import LineFeeds
from charnn.corpus.source_collector import SourceCollector
from charnn.corpus.vocabulary import Vocabulary
from charnn.corpus.vocabulary_kinds import BYTES
from charnn.errors import CorpusError, UsageError
from charnn.training.options import TrainOptions

_CHECKPOINT = ".safetensors"


def given_vocabulary(options: TrainOptions) -> Vocabulary | None:
    """Return the vocabulary that the options name; None if it is to be taken from the corpus.

    The errors are those of `read_vocabulary`.
    """
    name = options.get("vocab")
    if name is None:
        return None
    tokens, keep_cr = options.get("tokens") or "auto", bool(options.get("keep_cr"))
    return read_vocabulary(Path(name), options.get("encoding"), tokens, keep_cr=keep_cr)


def tokens_and_vocabulary(
    options: TrainOptions, parent: Checkpoint | None
) -> tuple[str, Vocabulary | None]:
    """Return the kind of tokens of a new run, or "auto", and the vocabulary if one is given.

    A corpus is read as text or as bytes, and so the tokens of bytes are known before it is read.

    Args:
        options: the options of the run.
        parent: the model to fine-tune, whose bytes are taken over; None for random weights.
    """
    tokens = options.get("tokens") or "auto"
    if (vocabulary := given_vocabulary(options)) is not None:
        # All runs of bytes have the same vocabulary, so it is no option of the corpus.
        return vocabulary.kind, None if vocabulary.kind == BYTES else vocabulary
    if parent is not None and parent.vocabulary.kind == BYTES and tokens == "auto":
        tokens = BYTES
    return tokens, None


def read_vocabulary(name: Path, encoding: str | None, tokens: str, *, keep_cr: bool) -> Vocabulary:
    """Return the vocabulary that `--vocab` names.

    Args:
        name: a text file, or the name, the folder or a checkpoint of a run.
        encoding: the codec of a text file; None means UTF-8, unless the file names another.
        tokens: the value of `--tokens`, or "auto".
        keep_cr: whether the carriage returns of a text file belong to its vocabulary.

    Raises:
        CorpusError: the file is no text, or empty.
        CheckpointError: there is neither such a file nor such a run.
        UsageError: the vocabulary is not of the kind `tokens`.
    """
    vocabulary: Vocabulary
    if name.is_file() and name.suffix != _CHECKPOINT:
        collector = SourceCollector(encoding)
        collector.add_file(name)
        (text,) = collector.texts + collector.books
        characters: set[str] = set()
        for chunk in (text if keep_cr else LineFeeds().convert(text)).chunks():
            characters.update(chunk)
        if not characters:
            raise CorpusError(f"{name} is empty: name a file with the characters to train on")
        vocabulary = CharVocabulary(characters)
    else:
        vocabulary = load_best(name, RUNS_FOLDER).checkpoint.vocabulary
    if tokens not in ("auto", vocabulary.kind):
        raise UsageError(
            f"--vocab {name} is a vocabulary of {vocabulary.unit}: leave out --tokens {tokens}"
        )
    return vocabulary
