"""`python -m charnn` is the same as `charnn`."""

from charnn.cli import main

main()
