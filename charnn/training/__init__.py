"""Training: the plan of a run, the loop, the schedule, the optimizer, saving and events."""
