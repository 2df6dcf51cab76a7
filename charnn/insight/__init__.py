"""Look inside a model: its gates, its gradients, its units, and what surprises it."""
