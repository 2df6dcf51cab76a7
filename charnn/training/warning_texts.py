"""The events of a run that the user should be warned of, in words."""

from charnn.training.events import (
    Event,
    Hinted,
    LogEnded,
    OutOfMemory,
    Planned,
    Recovered,
    ShortOfSpace,
    Started,
    Unsaved,
)


def warnings_of(event: Event) -> list[str]:
    """Return the warnings that an event stands for."""
    match event:
        case Planned():
            return _of_plan(event)
        case Recovered():
            names = ", ".join(path.name for path in event.aside)
            kept = f" (kept as {names})" if names else ""
            return [
                f"{'; '.join(event.problems)}{kept}; the run goes on from {event.taken}, "
                f"step {event.step:,}"
            ]
        case ShortOfSpace():
            return [
                f"the disk has {event.free / 1e6:,.0f} MB free, but {event.folder} may take "
                f"{event.needed / 1e6:,.0f} MB more. Free some space"
            ]
        case Started() if event.progress >= 1:
            return [
                "the budget of this run is spent. Raise --minutes, --epochs or --steps to train "
                "further"
            ]
        case OutOfMemory():
            return [
                f"a batch does not fit into the memory of the device: from step {event.step:,} on, "
                f"its rows are trained in {event.parts} parts, which changes the result by "
                "rounding only"
            ]
        case Hinted():
            return [event.hint]
        case Unsaved():
            return [
                f"{' and '.join(map(str, event.files))} cannot be saved ({event.reason}). Training "
                "continues and tries again; free space or repair the folder before it ends"
            ]
        case LogEnded():
            return [
                f"{event.folder} cannot be written ({event.reason}), so the log for TensorBoard "
                "ends here. Training continues; metrics.jsonl has the same scalars"
            ]
    return []


def _of_plan(planned: Planned) -> list[str]:
    skipped, repeated = planned.corpus.skipped, planned.corpus.repeated
    found = []
    if taken := planned.taken:
        found.append(
            f"{taken} exists, so this new run is {planned.run}. To continue the earlier run "
            f"instead: --resume --name {taken.name}. To choose a name: --name NAME"
        )
    if skipped:
        files = "file that is" if len(skipped) == 1 else "files that are"
        found.append(
            f"skipped {len(skipped):,} {files} hidden, unreadable or not text, such as {skipped[0]}"
        )
    if own := planned.corpus.own:
        more = f" and {len(own) - 1:,} more" if len(own) > 1 else ""
        found.append(f"left out what charnn wrote itself: {own[0]}{more}")
    if repeated:
        more = f" and {len(repeated) - 1:,} more" if len(repeated) > 1 else ""
        found.append(f"read once, though named more than once: {repeated[0]}{more}")
    if changed := planned.corpus.changed:
        more = f" and {len(changed) - 1:,} more" if len(changed) > 1 else ""
        found.append(
            f"CRLF and CR became line feeds in {changed[0]}{more}. To keep them: --keep-cr"
        )
    return [*found, *planned.plan.notes]
