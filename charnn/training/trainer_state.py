"""The state that changes while a run trains. Checkpoints store it, and resuming restores it.

A run that is stopped and resumed gives the same bits as a run that was never stopped. So the next
step may depend only on `TrainerState`, on the options, and on the state of torch's random number
generator, which `charnn.training.snapshot` stores.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.ids import Dataset
from charnn.errors import CheckpointError
from charnn.model.config import ModelConfig
from charnn.model.network import Network, export_weights, import_weights
from charnn.model.network_state import NetworkState
from charnn.training.ema import Average
from charnn.training.events import Stepped
from charnn.training.finetune import inherit_weights
from charnn.training.optimizer import AdamW
from charnn.training.position import Position
from charnn.training.processes import Processes
from charnn.training.running_mean import RunningMean
from charnn.training.snapshot import pack, random_states, restore_random_states, unpack
from charnn.training.start_states import find_start_states
from charnn.training.training_config import TrainingConfig


@dataclass
class TrainerState:
    """The state of a run.

    Attributes:
        network: the model.
        optimizer: AdamW with its moments.
        average: the running average of the weights.
        hidden_state: the state of the network after the last segment.
        parts: the number of parts in which the rows of a segment are trained. It may be raised
            between two segments, if the memory of the device is too small.
        has_unknown: whether the training part has unknown tokens, which are not learned.
        position: how far the run has come.
        history: one entry per validation: "step", "seconds", "val_loss", and "train_loss" if known.
        since_report: the totals of the steps since the last report.
        since_validation: the totals of the steps since the last validation.
    """

    network: Network
    optimizer: AdamW
    average: Average
    hidden_state: NetworkState
    parts: int = 1
    has_unknown: bool = False
    position: Position = field(default_factory=Position)
    history: list[dict[str, float]] = field(default_factory=list)
    since_report: RunningMean = field(default_factory=RunningMean)
    since_validation: RunningMean = field(default_factory=RunningMean)

    @classmethod
    def initial(
        cls,
        model: ModelConfig,
        config: TrainingConfig,
        dataset: Dataset,
        parent: Checkpoint | None = None,
    ) -> "TrainerState":
        """Return the state before the first step, with random weights seeded by `config.seed`.

        Args:
            model: the shape of the model.
            config: the options of the run.
            dataset: the corpus, for its vocabulary.
            parent: the model to fine-tune; None to train from random weights.
        """
        torch.manual_seed(config.seed)
        # The initial weights are the only result that depends on the number of threads.
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        network = Network(model).to(torch.device(config.device))
        torch.set_num_threads(threads)
        if parent is not None:
            drawn = export_weights(network)
            import_weights(network, inherit_weights(parent, dataset.vocabulary, drawn))
        return cls(
            network=network,
            optimizer=AdamW(network, config.weight_decay),
            average=Average(network, config.ema),
            hidden_state=network.initial_state(config.batch_size),
            parts=config.accumulate,
            has_unknown=dataset.train_unknown > 0,
        )

    def empty_state(self) -> NetworkState:
        """Return the state of the rows before the first token."""
        part = self.hidden_state.part
        rows = self.hidden_state.rows.count
        return self.network.initial_state(rows)._replace(part=part)

    def restore(self, checkpoint: Checkpoint, steps_per_epoch: int) -> None:
        """Replace this state by the state that `to_checkpoint` stored in a checkpoint.

        Raises:
            KeyError, TypeError, ValueError, RuntimeError: the checkpoint lacks a part of the state,
                or a part has the wrong type or shape.
        """
        metadata = checkpoint.metadata
        self.position = Position.from_json(metadata["position"], steps_per_epoch)
        tallies = metadata.get("tallies", [{}, {}])  # not in the checkpoints of earlier versions
        self.since_report, self.since_validation = map(RunningMean.from_json, tallies)
        self.history = list(metadata["history"])
        import_weights(self.network, checkpoint.weights)
        # A new average starts from the imported weights, which are the average.
        self.average = Average(self.network, self.average.decay)
        self.hidden_state = unpack(
            checkpoint.training, self.network, self.optimizer, self.average, self.hidden_state
        )

    def take_over(self, processes: Processes) -> None:
        """Replace this state by that of process 0, with the rows that this process trains."""
        if processes.is_alone:
            return
        tallies = (self.since_report, self.since_validation)
        told: dict[str, Any] = processes.share(
            {
                "position": asdict(self.position),
                "tallies": [asdict(tally) for tally in tallies],
                "history": self.history,
            }
        )
        self.position, self.history = Position(**told["position"]), told["history"]
        self.since_report, self.since_validation = (RunningMean(**each) for each in told["tallies"])
        processes.broadcast(self.network.parameters())
        processes.broadcast([*self.optimizer.tensors().values(), *self.average.tensors()])
        device = self.network.head.weight.device
        random = random_states(device)
        processes.broadcast(random.values())
        restore_random_states(random, device)
        self.hidden_state = processes.scatter(self.hidden_state)

    def summarise_steps(self, lr: float, grad_norm: float, progress: float) -> Stepped:
        """Return the metrics of the updates since the last call, and reset the totals of the steps.

        Args:
            lr: the learning rate of the last update.
            grad_norm: the norm of the last gradient, before clipping.
            progress: the share of the budget that is spent, in [0, 1].
        """
        since, position = self.since_report, self.position
        self.since_report = RunningMean()
        return Stepped(
            position.step,
            since.mean_loss,
            lr,
            grad_norm,
            since.characters_per_second,
            progress,
            position.seconds,
            since.clipped_share,
        )

    def to_checkpoint(
        self,
        dataset: Dataset,
        config: TrainingConfig,
        metadata: Mapping[str, Any],
        hidden_state: NetworkState | None = None,
    ) -> Checkpoint:
        """Return a checkpoint that contains this state, the options and further `metadata`.

        Args:
            dataset: the corpus.
            config: the options of the run.
            metadata: further facts.
            hidden_state: that of all rows, if this state has only some of them.
        """
        described = Checkpoint(self.network.config, dataset.vocabulary, {}, dict(metadata))
        # Samples are drawn with the averages. The trained weights are among the training tensors.
        with self.average.in_place():
            weights = export_weights(self.network)
            starts = find_start_states(self.network, dataset, described.start_token_id)
        hidden_state = hidden_state or self.hidden_state
        training = pack(self.network, self.optimizer, self.average, hidden_state)
        metadata = {
            **metadata,
            "training": {**config.to_json(), "accumulate": self.parts},
            "position": asdict(self.position),
            "tallies": [asdict(self.since_report), asdict(self.since_validation)],
            "history": list(self.history),
        }
        return replace(
            described, weights=weights, metadata=metadata, training=training, starts=starts
        )


def expect_same_corpus(
    checkpoint: Checkpoint, dataset: Dataset, config: TrainingConfig, run: Path
) -> None:
    """Refuse to resume a run on another corpus, or on another split of its corpus.

    Raises:
        CheckpointError: the fingerprints differ, or the training part has no more ids than a batch
            has rows.
    """
    if checkpoint.metadata.get("fingerprint") != dataset.fingerprint:
        raise CheckpointError(
            f"{run} was trained on another corpus or another split than the one given. Resume it "
            "with its own corpus, or train a new run under another --name, which may begin with "
            f"the weights of this one: --init-from {run.name}"
        )
    if config.batch_size >= len(dataset.train):
        raise incomplete_checkpoint(run)


def incomplete_checkpoint(run: Path) -> CheckpointError:
    """Return the error for a checkpoint without a complete state."""
    return CheckpointError(
        f"{run}: the checkpoint lacks what resuming needs. Train again under another --name, which "
        f"may begin with its weights: --init-from {run.name}"
    )
