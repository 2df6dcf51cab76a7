"""The steppers: a trained model run one token at a time by NumPy, numba or torch."""
