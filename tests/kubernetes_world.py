"""A cluster for the tests: its emulated API server, and an instance's node with what runs on it."""

from collections.abc import Iterator

import pytest

from check_world import I
from rearm_workbench.emulators.kubernetes.cluster import Cluster, Pod
from rearm_workbench.emulators.kubernetes.server import KubernetesEmulator
from rearm_workbench.virtual_clock import VirtualClock

TOKEN = "s3cret-token"
KEY = ("FOOBARKEY", "FOOBARSECRET")
NODE = "ip-10-0-0-1.eu-west-1.compute.internal"


class Kubernetes:
    """`api` is the emulator, `calls` what it was asked, `cluster` what it knows."""

    def __init__(self, clock: VirtualClock) -> None:
        self.cluster, self.calls = Cluster(clock, "web"), list[str]()
        self.api = KubernetesEmulator(
            self.cluster, tokens=frozenset({TOKEN}), aws_key=KEY, on_call=lambda name, text: self.calls.append(name)
        )

    @property
    def settings(self) -> dict[str, object]:
        """How the check reaches it with a token in the environment."""
        return {"endpoint": self.api.endpoint, "ca": self.api.ca, "token_env": "CLUSTER_TOKEN"}

    def pod(self, name: str, **given: object) -> Pod:
        return self.cluster.add_pod(Pod("shop", name, NODE, **given))  # type: ignore[arg-type]  # each test says what it needs


@pytest.fixture
def kubernetes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kubernetes]:
    """A cluster without nodes; CLUSTER_TOKEN holds its token."""
    monkeypatch.setenv("CLUSTER_TOKEN", TOKEN + "\n")
    made = Kubernetes(VirtualClock(0.0))
    with made.api:
        yield made


def provider_id(instance: str = I) -> str:
    return f"aws:///eu-west-1a/{instance}"
