"""How it is learned: the plan of a run, the loop, schedule and evaluation, events."""
