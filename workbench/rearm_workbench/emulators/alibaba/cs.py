"""Container Service for Kubernetes (ACK) 2015-12-15: the kubeconfig of a cluster, and nothing else.

Shape: alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/developer-reference/api-cs-2015-12-15-describeclusteruserkubeconfig.
"""

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from rearm_workbench.certificates import authority
from rearm_workbench.emulators.alibaba.loopback import Answer, Incoming
from rearm_workbench.emulators.alibaba.wire import ApiError

PREFIX = "/k8s/"
NAMES = ("DescribeClusterUserKubeconfig",)
_USER_CONFIG = re.compile(r"/k8s/([^/]+)/user_config")
PARAMETERS = {"PrivateIpAddress", "TemporaryDurationMinutes", "RegionId"}
"""The SDK adds the region, of which the page does not speak."""
USER = "rearm"
"""In the client certificates: the API server's emulator takes that name."""


def name_of(incoming: Incoming) -> str:
    """The operation; its method and path where it is not modelled."""
    found = incoming.method == "GET" and _USER_CONFIG.fullmatch(incoming.path)
    return NAMES[0] if found else f"{incoming.method} {incoming.path}"


@dataclass
class ContainerService:
    """`clusters`: id -> endpoint and authority (PEM) of the API server."""

    clusters: dict[str, tuple[str, str]] = field(default_factory=dict)

    def serve(self, incoming: Incoming, request_id: str) -> Answer:
        """The answer; the product's own errors are in lower case, unlike the gateway's, and have their status twice."""
        try:
            status, body = 200, self._kubeconfig(incoming)
        except ApiError as error:
            status = error.status
            body = {"code": error.code, "message": error.message, "requestId": request_id, "status": status}
        return Answer(status, {"Content-Type": "application/json;charset=utf-8"}, json.dumps(body).encode())

    def _kubeconfig(self, incoming: Incoming) -> dict[str, Any]:
        found = _USER_CONFIG.fullmatch(incoming.path)
        if found is None or incoming.method != "GET":
            message = f"cs:{incoming.method} {incoming.path} is not modelled by the emulator; modelled: {', '.join(NAMES)}"
            raise ApiError("InvalidAction.NotFound", message, 404)
        query = dict(parse_qsl(incoming.query))
        if set(query) - PARAMETERS:
            raise ApiError("InvalidParameter", f"the emulator models {' and '.join(sorted(PARAMETERS))} only")
        minutes = query.get("TemporaryDurationMinutes", "15")
        if not minutes.isdigit() or not 15 <= int(minutes) <= 4320:
            raise ApiError("InvalidParameter", "TemporaryDurationMinutes must be from 15 to 4320")
        if found[1] not in self.clusters:
            raise ApiError("ErrorClusterNotFound", f"Cluster not found: {found[1]}", 404)
        return {"config": _kubeconfig(*self.clusters[found[1]]), "expiration": "2099-01-01T00:00:00Z"}


def _kubeconfig(endpoint: str, ca: str) -> str:
    both = authority().issue((USER,)).read_text()
    certificate, separator, key = both.partition("-----BEGIN PRIVATE KEY-----")
    coded = [base64.b64encode(text.encode()).decode() for text in (ca, certificate, separator + key)]
    return f"""apiVersion: v1
clusters:
- cluster:
    server: {endpoint}
    certificate-authority-data: {coded[0]}
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: "{USER}"
  name: {USER}-context
current-context: {USER}-context
kind: Config
preferences: {{}}
users:
- name: "{USER}"
  user:
    client-certificate-data: {coded[1]}
    client-key-data: {coded[2]}
"""
