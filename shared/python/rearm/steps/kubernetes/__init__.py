"""The evictions of `kubernetes_drain`. The cluster itself: `checks.kubernetes`."""
