"""A proof that two checkouts of charnn compute the same results: see `python -m
benchmarks.unchanged --help`.

`jobs` and `training_jobs` list commands of charnn. `checkout` runs them, `captures` hashes their
results, `results` stores these, and `comparison` prints what differs.
"""
