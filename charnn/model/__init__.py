"""The network to train: its configuration, the equations of its cells, and their CPU kernels."""
