"""The program: `charnn`, or `python -m charnn`."""

from charnn import signals


def main() -> None:
    """Run the command line; from now on a signal ends it quietly."""
    signals.answer(signals.leave)
    from charnn.cli import main as run

    run()


if __name__ == "__main__":
    main()
