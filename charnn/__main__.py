"""The program: `charnn`, or `python -m charnn`."""

from charnn import signals


def main() -> None:
    """Run the command line; from now on a signal ends it quietly."""
    signals.install_handlers(signals.exit_now)
    from charnn.cli import main as run

    run()


if __name__ == "__main__":
    main()
