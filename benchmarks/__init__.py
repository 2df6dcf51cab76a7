"""Measure the speed and the quality of charnn on this machine: `python -m benchmarks`."""
