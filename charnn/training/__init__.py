"""How it is learned: batches of windows, schedule, loop, evaluation."""
