"""What EKS tells of a cluster: moto's own model, with an API server behind it that answers."""

import base64
from typing import Any

from moto.eks.models import eks_backends

from rearm_workbench.emulators.aws.running import ACCOUNT


def put_cluster(region: str, name: str, endpoint: str, ca: str) -> None:
    """A cluster of that name whose API server is at `endpoint`, with a certificate of the authority `ca` (PEM)."""
    backend: Any = eks_backends[ACCOUNT][region]
    made = backend.clusters.get(name) or backend.create_cluster(name, f"arn:aws:iam::{ACCOUNT}:role/cluster", {"subnetIds": []})
    made.endpoint, made.certificate_authority = endpoint, {"data": base64.b64encode(ca.encode()).decode()}
