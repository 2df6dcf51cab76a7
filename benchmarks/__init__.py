"""How fast and how good charnn is, measured on the machine at hand: `python -m benchmarks`."""
