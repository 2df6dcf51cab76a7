"""The public face of charnn: train a model, load one, sample from it, evaluate it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.checkpoints.run_files import RUNS_FOLDER
from charnn.checkpoints.runs import load_best
from charnn.corpus.sources import Corpus, open_corpus
from charnn.corpus.transpose_augmentation import Progress, ignore_progress
from charnn.errors import join_sentences, warn
from charnn.insight.look_inside import LookInside
from charnn.sampling.params import SamplingParams
from charnn.sampling.seeds import choose_seed
from charnn.sampling.written_text import TextPieces, WrittenText
from charnn.tunes.tune_model import TuneModel

if TYPE_CHECKING:
    from charnn.evaluation.protocols import EvalSpan, Evaluation
    from charnn.training.events import Report
    from charnn.training.options import TrainOptions


class Model(TuneModel, LookInside):
    """A trained model. `TuneModel` handles single tunes, `LookInside` shows what the model does.

    Attributes:
        path: the checkpoint file that the model was read from.
        checkpoint: the configuration, vocabulary, weights and metadata of the model.
        damaged: an error for each preferred file of the run that could not be read.
    """

    def __init__(self, path: Path, checkpoint: Checkpoint, damaged: tuple[str, ...] = ()) -> None:
        super().__init__(path, checkpoint)
        self.damaged = damaged

    def stream(
        self,
        *,
        seed: int | None = None,
        length: int = 2000,
        prime: str = "",
        stop: str = "",
        temperature: float = 0.8,
        top_k: int = 0,
        top_p: float = 1.0,
        min_p: float = 0.0,
    ) -> TextPieces:
        """Return an iterator over the characters of a new text, without the prime.

        A character of the prime that the model does not know is a `CharnnWarning`, and the model
        does not read it.

        Args:
            seed: the seed of the random numbers; the same seed gives the same text. None draws
                one. The result keeps it, as `.seed`.
            length: the maximum number of characters to write.
            prime: the beginning of the text.
            stop: the stream ends when it has written this text; `""` sets no such text.
            temperature, top_k, top_p, min_p: see `charnn.sampling.params.SamplingParams`.

        Raises:
            UsageError: an option is out of range.
        """
        params, seed = SamplingParams(temperature, top_k, top_p, min_p), choose_seed(seed)
        pieces = self._sampler.stream(params, seed=seed, length=length, prime=prime, stop=stop)
        vocabulary = self._sampler.vocabulary
        for name, text in (("prime", prime), ("stop", stop)):
            if unknown := vocabulary.unknown_characters(vocabulary.known_form(text)):
                characters = ", ".join(map(repr, unknown))
                warn(f"{characters} in {name}: not in the model's vocabulary, so not used")
        return TextPieces(pieces, seed)

    def sample(
        self,
        prime: str = "",
        *,
        seed: int | None = None,
        length: int = 2000,
        stop: str = "",
        temperature: float = 0.8,
        top_k: int = 0,
        top_p: float = 1.0,
        min_p: float = 0.0,
    ) -> WrittenText:
        """Return a new text that begins with `prime`. The options are the same as in `stream`.

        The seed of the text is its attribute `seed`.
        """
        pieces = self.stream(
            seed=seed,
            length=length,
            prime=prime,
            stop=stop,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            min_p=min_p,
        )
        return WrittenText(prime + "".join(pieces), pieces.seed)

    def clamped(self, units: Mapping[str, float]) -> "Model":
        """Return a model that holds hidden units at a value, to sample from.

        Args:
            units: the value in -1..1 of each unit by its name `L.I`, see `charnn neurons`.

        Raises:
            UsageError: there is no such unit, or no unit has such a value.
        """
        from charnn.insight.clamped_units import clamped, parse_clamps

        values = [f"{name}={value}" for name, value in units.items()]
        held = parse_clamps(values, self.checkpoint.config)
        return Model(self.path, clamped(self.checkpoint, held), self.damaged)

    def exported(self) -> bytes:
        """Return the bytes of a checkpoint file to share, with the weights in half precision.

        Training cannot be resumed from this file. For a model of tunes, the file contains the
        headers of the training tunes, the words of their titles and a hash of the tunes, but not
        the tunes.

        Raises:
            CheckpointError: a weight is too large for half precision, or the stored training tunes
                are damaged.
        """
        return self.to_share().half_precision_bytes()

    def to_share(self, measured: Mapping[str, object] | None = None) -> Checkpoint:
        """Return the checkpoint as `exported` writes it: with facts for a card, without paths.

        Args:
            measured: figures for the card, see `charnn.share.shared_model.shared_checkpoint`.
        """
        from charnn.share.shared_model import shared_checkpoint

        return shared_checkpoint(self.path, self.checkpoint, self.learned_tunes, measured)

    def page(self, *, title: str = "", licence: str = "", abcjs: str = "") -> bytes:
        """Return the bytes of an HTML page that runs the model in a browser, without a network.

        Args:
            title: the title; `""` for one that is made from the name of the model.
            licence: the licence of the model, which the page shows; `""` for none.
            abcjs: the code of abcjs, which draws the tunes on the page; `""` for text only.

        Raises:
            UsageError: `abcjs` is not abcjs, or is given for a model of text.
            CheckpointError: the stored training tunes are damaged.
        """
        from charnn.share.model_page import PageText, model_page

        return model_page(self.path, self.checkpoint, PageText(title, licence), abcjs)

    def evaluate(
        self,
        text: "str | Sequence[str] | EvalSpan",
        *,
        windows: bool = False,
        dynamic: bool = False,
    ) -> "Evaluation":
        """Evaluate the model on a text. The hidden state is carried from character to character.

        The model predicts each character once and reads several documents one after the other. If
        the model was trained on documents, it also predicts the end of each document. An end counts
        as one character, as in training.

        Args:
            text: a text, several texts, or the span that `held_out` returns.
            windows: also evaluate on windows of text that each start with a fresh hidden state, as
                transformers are evaluated; see `charnn.evaluation.fresh_windows`.
            dynamic: also evaluate while the weights adapt to the text, alone and mixed with
                n-grams; see `charnn.evaluation.dynamic` and `charnn.evaluation.ngram_mixture`.

        Raises:
            CorpusError: the text is empty.
        """
        from charnn.evaluation import protocols

        if not isinstance(text, protocols.EvalSpan):
            texts = [text] if isinstance(text, str) else list(text)
            text = protocols.whole_text_span(self.checkpoint, texts)
        return protocols.evaluate_span(self.checkpoint, text, windows=windows, dynamic=dynamic)

    def held_out(self, corpus: str | Path | Sequence[str] | Corpus | None = None) -> "EvalSpan":
        """Return the part of a corpus that was held out from training, for `evaluate`.

        The held-out part is the end of a text, the documents whose hash decided so, or the tunes of
        a book that are not training tunes.

        Args:
            corpus: the corpus that the model was trained on: its names, as
                `charnn.corpus.sources.open_corpus` takes them, or the opened corpus; None finds the
                corpus by the names that the run keeps.

        Raises:
            CheckpointError: the corpus is not found or has changed, or the model was trained on
                another text, or on the whole text, or its training tunes are missing.
            CorpusError: every tune of the corpus is a training tune, or there is no corpus.
        """
        from charnn.evaluation import protocols, training_corpus
        from charnn.tunes.training_tunes import texts_as_learned

        if corpus is None:
            opened = training_corpus.open_training_corpus(self.checkpoint)
        elif isinstance(corpus, Corpus):
            opened = corpus
        else:
            opened = open_corpus(_names(corpus), **self.checkpoint.corpus_options)
        if not self.checkpoint.metadata.get("tunes"):
            return protocols.held_out_text_span(self.checkpoint, opened)
        learned = self.learned_tunes()
        texts = texts_as_learned(opened.documents, learned)
        if corpus is None:
            training_corpus.expect_training_tunes(self.checkpoint, opened, texts, learned)
        return protocols.held_out_tunes_span(self.checkpoint, texts, learned)


def load(path: str | Path | None = None) -> Model:
    """Return the model of a checkpoint file, a run (its folder or its name), or the newest run.

    Where there is no run at all, the bundled model is returned. If the best checkpoint of a run
    cannot be read, the model comes from the last or the previous checkpoint of the run.
    `Model.damaged` then contains the errors, and a `CharnnWarning` names them.

    Raises:
        CheckpointError: there is no such model, or it is damaged.
        OSError: the file cannot be read.
    """
    loaded = load_best(None if path is None else Path(path), RUNS_FOLDER)
    if loaded.damaged:
        warn(f"{join_sentences(loaded.damaged)}. Using {loaded.path} instead")
    return Model(loaded.path, loaded.checkpoint, loaded.damaged)


def train(
    corpus: str | Path | Sequence[str | Path],
    *,
    transposed: Progress = ignore_progress,
    report: "Report | None" = None,
    should_stop: Callable[[], bool] = lambda: False,
    download_bar: object | None = None,
    **options: "Unpack[TrainOptions]",
) -> Model:
    """Train a model on a corpus, save the run in its own folder, and return the best checkpoint.

    Args:
        corpus: one name or several names. Each is a file, a folder, a pattern or the name of a
            built-in corpus, see `charnn.corpus.sources.open_corpus`.
        transposed: a function that is called with the number of tunes transposed so far and the
            number of all tunes.
        report: a function that is called with every event, see `charnn.training.events`. Without
            it, a notebook or a terminal shows a progress bar, and warnings are Python warnings
            (`CharnnWarning`).
        should_stop: a function that is called after every step and during a validation; when it
            returns True, the run is saved and ends.
        download_bar: a tqdm bar that shows a download.
        **options: the options of `charnn train`; None means that an option is not set.

    Raises:
        TypeError: an option does not exist.
        CharnnError: the corpus, an option or the run is unusable; the message names the remedy.
        UnsavedError: the run has ended, but not all of it could be saved; the error has the model.
        OSError: a file cannot be written at the beginning.
        KeyboardInterrupt: Ctrl-C, or a notebook's stop, was pressed. The run is saved before the
            exception is raised. A second Ctrl-C raises it at once, without this save.
    """
    from charnn.training.session import Callbacks, train_run

    if report is not None:
        with _logged(report, options) as log:
            callbacks = Callbacks(log, should_stop, transposed, download_bar)
            return load(train_run(_names(corpus), options, callbacks))
    from charnn.training_bar import TrainingBar

    with TrainingBar() as shown, _logged(shown.report, options) as log:
        if transposed is ignore_progress:
            transposed = shown.transposed
        download_bar = shown.bar if download_bar is None else download_bar
        callbacks = Callbacks(log, should_stop, transposed, download_bar)
        run = train_run(_names(corpus), options, callbacks)
    return load(run)


def _logged(report: "Report", options: "TrainOptions") -> "AbstractContextManager[Report]":
    """Return a context of a report function that also writes a log, if the options ask for one."""
    if not options.get("tensorboard"):
        return nullcontext(report)
    from charnn.insight.tensorboard_log import TensorBoardLog

    return TensorBoardLog(report)


def _names(corpus: str | Path | Sequence[str | Path]) -> list[str]:
    names = [corpus] if isinstance(corpus, str | Path) else corpus
    return [str(name) for name in names]
