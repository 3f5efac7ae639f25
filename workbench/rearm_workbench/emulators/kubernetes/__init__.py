"""A small Kubernetes API server: nodes, pods, evictions with PodDisruptionBudgets, over TLS.

It knows one cluster, refuses what it does not model, and its pods take their time to end on the clock that it is given.
"""
