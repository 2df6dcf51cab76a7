"""The program: `charnn`, or `python -m charnn`."""

from charnn import signals


def main() -> None:
    """Run the command line. A signal ends the program without a traceback, even during imports."""
    signals.install_handlers(signals.exit_now)
    from charnn.cli import main as run

    run()


if __name__ == "__main__":
    main()
