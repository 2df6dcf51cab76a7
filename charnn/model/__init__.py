"""What is learned: configuration, network, stepper, checkpoint."""
