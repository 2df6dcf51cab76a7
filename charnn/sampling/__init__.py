"""What is written: from scores to the next symbol, and the streaming sampler."""
