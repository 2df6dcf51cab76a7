"""The card of a model: what it is, what it was trained on, and how good it is, in Markdown.

The card has the form of Hugging Face's model cards: a header in YAML that their site reads, then
sections for people. All facts are from the checkpoint. A fact that the checkpoint lacks is called
"not recorded" or "not measured".
"""

import shlex
from dataclasses import dataclass

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.share.card_evaluation import best_loss, evaluation_section, novelty_section
from charnn.share.card_text import count, counted_unit, plain, quoted, visible
from charnn.share.card_training import data_section, training_section
from charnn.share.energy import (
    ACCELERATOR_WATTS,
    CORE_WATTS,
    SOURCE,
    EnergyEstimate,
    estimate_energy,
)

HOMEPAGE = "https://github.com/charnn/charnn"
# The licences by the names that Hugging Face knows; another one is written as `other`.
HUB_LICENCES = frozenset(
    (
        *("apache-2.0", "mit", "bsd", "bsd-2-clause", "bsd-3-clause", "isc", "unlicense", "wtfpl"),
        *("cc", "cc0-1.0", "cc-by-3.0", "cc-by-sa-3.0", "cc-by-4.0", "cc-by-sa-4.0"),
        *("cc-by-nc-4.0", "cc-by-nc-sa-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-4.0", "pddl", "odbl"),
        *("gpl", "gpl-2.0", "gpl-3.0", "lgpl", "lgpl-2.1", "lgpl-3.0", "agpl-3.0", "mpl-2.0"),
        *("odc-by", "epl-2.0", "eupl-1.2", "artistic-2.0", "openrail", "unknown", "other"),
    )
)


@dataclass(frozen=True)
class Shared:
    """A model to share.

    Attributes:
        checkpoint: the model, as `charnn.share.shared_model.shared_checkpoint` returns it.
        name: the name of the model.
        place: the file or folder of the model, as a command names it.
        licence: the licence of the model, such as "mit"; "" if its author names none.
        sha256: the hash of the model's file.
    """

    checkpoint: Checkpoint
    name: str
    place: str
    licence: str = ""
    sha256: str = ""

    @property
    def writes_tunes(self) -> bool:
        """Return whether the model writes tunes in ABC notation."""
        return bool(self.checkpoint.metadata.get("tunes"))


def model_card(model: Shared) -> str:
    """Return the card of a model."""
    sections = (
        _front_matter(model),
        _introduction(model),
        _model_section(model),
        data_section(model.checkpoint),
        training_section(model.checkpoint),
        evaluation_section(model.checkpoint),
        novelty_section(model.checkpoint),
        _energy_section(estimate_energy(model.checkpoint.metadata)),
        _limits_section(model),
        _licence_section(model.licence),
    )
    return "\n".join(sections)


def _front_matter(model: Shared) -> str:
    cell = model.checkpoint.config.cell
    tags = ["charnn", "char-rnn", cell, *(["music", "abc-notation"] * model.writes_tunes)]
    lines = ["---"]
    licence = model.licence.lower() or "unknown"
    if licence in HUB_LICENCES:
        lines.append(f"license: {quoted(licence)}")
    else:
        lines += ['license: "other"', f"license_name: {quoted(licence)}"]
    lines += ['library_name: "charnn"', 'pipeline_tag: "text-generation"', "tags:"]
    lines += [f"- {quoted(tag)}" for tag in tags]
    if (loss := best_loss(model.checkpoint)) is not None:
        corpus = str(model.checkpoint.metadata.get("corpus", "not recorded"))
        lines += [
            "model-index:",
            f"- name: {quoted(model.name)}",
            "  results:",
            "  - task:",
            '      type: "text-generation"',
            "    dataset:",
            f"      name: {quoted(f'{corpus}, held-out part')}",
            f"      type: {quoted(corpus)}",
            "    metrics:",
            '    - type: "loss"',
            f'      name: "nats per {counted_unit(model.checkpoint.vocabulary)}, state carried"',
            f"      value: {loss:.6f}",
        ]
    return "\n".join([*lines, "---", ""])


def _introduction(model: Shared) -> str:
    unit = counted_unit(model.checkpoint.vocabulary)
    kind = "tunes in ABC notation" if model.writes_tunes else f"text, {unit} by {unit}"
    place = shlex.quote(visible(model.place))
    return (
        f"# {plain(model.name)}\n\n"
        f"A small recurrent network that writes {kind}. [charnn]({HOMEPAGE}) trained it, and runs "
        "it on any computer:\n\n"
        "```\n"
        "pip install charnn\n"
        f"charnn sample {place} --seed 1\n"
        f"charnn inspect {place}\n"
        "```\n"
    )


def _model_section(model: Shared) -> str:
    config, vocabulary = model.checkpoint.config, model.checkpoint.vocabulary
    width = config.embedding_size
    lines = [
        "## Model\n",
        f"- cell: {config.cell}; {count(config.num_layers, 'layer')} of "
        f"{config.hidden_size:,} hidden units",
        f"- input: {'one-hot' if width is None else f'an embedding of width {width:,}'}",
        f"- tokens: {len(vocabulary):,}, of the kind {vocabulary.kind}",
    ]
    if config.pointer:
        lines.append(f"- a pointer that copies from the last {config.pointer:,} tokens")
    lines.append(f"- {config.parameter_count():,} parameters in half precision")
    if model.sha256:
        lines.append(f"- sha256 of the file: `{model.sha256}`")
    return "\n".join([*lines, ""])


def _energy_section(energy: EnergyEstimate | None) -> str:
    lines = ["## Energy\n"]
    if energy is None:
        lines.append("Not recorded: the model was trained with an earlier version of charnn.")
    else:
        bound = "At most about" if energy.at_most else "About"
        devices = f"{count(energy.cores, 'core')} x {CORE_WATTS} W"
        if energy.accelerators:
            accelerators = count(energy.accelerators, "accelerator")
            devices += f" + {accelerators} x {ACCELERATOR_WATTS} W"
        lines.append(
            f"{bound} {_energy(energy.watt_hours)}: {energy.seconds:,.1f} s x ({devices})."
        )
        lines.append(
            f"\nThis is an estimate, not a measurement. {CORE_WATTS} W for a core and "
            f"{ACCELERATOR_WATTS} W for an accelerator stand for unknown hardware at full load "
            f"([Green Algorithms]({SOURCE})). Memory, cooling, earlier trials, the model that "
            "this one may have started from, and the making of the hardware are left out."
        )
    return "\n".join([*lines, ""])


def _energy(watt_hours: float) -> str:
    if watt_hours >= 1000:
        return f"{watt_hours / 1000:,.2f} kWh"
    return f"{watt_hours:.0f} Wh" if watt_hours >= 10 else f"{watt_hours:.2g} Wh"


def _limits_section(model: Shared) -> str:
    kind = "tunes" if model.writes_tunes else "texts"
    lines = [
        "## Limits\n",
        f"- It imitates its training {kind}, with their errors and prejudices. It knows nothing "
        "else: what it writes is not information, and must not be taken for it.",
        "- It can repeat passages of its training text. Compare what it writes with that text "
        "before you publish it.",
        "- Its figures hold for text like its training text only.",
    ]
    if model.writes_tunes:
        lines.append(
            "- It was not told which tunes are alive in a tradition. Say of its tunes that a "
            "program wrote them."
        )
    return "\n".join([*lines, ""])


def _licence_section(licence: str) -> str:
    if licence:
        return f"## Licence\n\n{plain(licence)}\n"
    return (
        "## Licence\n\nNot stated. Others may not use the model before its author states a "
        "licence, which must fit the licence of the training text.\n"
    )
