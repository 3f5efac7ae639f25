"""What every check and step that speaks to Kubernetes has in common: the cluster in its settings, and the way to an instance's node."""

import contextlib
from collections.abc import Sequence
from typing import Annotated

import msgspec

from rearm import clock
from rearm.checks.asking.call import short
from rearm.checks.kubernetes import access
from rearm.checks.kubernetes.api import Api, NotThere
from rearm.checks.kubernetes.objects import Node
from rearm.checks.network import target
from rearm.checks.question import Question

TARGET = ("cluster", "endpoint")
NO_NODE = "the cluster has no node of this instance"
NAMED = 3
"""So many of several pods are named."""

Cluster = Annotated[
    str, msgspec.Meta(pattern=r"^(?!.*[^0-9A-Za-z_-]).{1,100}$", description="a text: the name of an EKS cluster, the id of an ACK one")
]
Endpoint = Annotated[
    str, msgspec.Meta(pattern=r"^https://(?!.*[^0-9A-Za-z.:\[\]-]).+$", description="a text like https://10.0.0.1:6443, without a path")
]
Variable = Annotated[str, msgspec.Meta(pattern=r"^(?!.*[^0-9A-Z_]).+$", description="the name of an environment variable, in capitals")]
File = Annotated[str, msgspec.Meta(pattern=r"^/(?!.*[^ -~])", description="the path of a file, from / on")]
Authority = Annotated[str, msgspec.Meta(min_length=1, description="a certificate (PEM), or the path of its file")]


class ClusterSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`cluster` alone: the cloud tells how to reach it. `ca` None: an authority that the machine trusts."""

    cluster: Cluster | None = None
    endpoint: Endpoint | None = None
    ca: Authority | None = None
    token_env: Variable | None = None
    token_file: File | None = None


def problems(settings: ClusterSettings, clouds: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is wrong with settings whose types are right: (key, text)."""
    found = []
    tokens = [key for key in ("token_env", "token_file") if getattr(settings, key) is not None]
    if len(tokens) == 2:
        found.append(("token_file", "has no use beside `token_env`; give one of the two"))
    if settings.endpoint is None:
        if settings.ca is not None:
            found.append(("ca", "has no use without `endpoint`: the cloud tells it of its cluster"))
        if tokens and "alibaba" in clouds:
            found.append((tokens[0], "has no use without `endpoint` on Alibaba Cloud: the cluster's kubeconfig holds a certificate"))
        return found
    host = settings.endpoint.removeprefix("https://").strip("[]").partition("]")[0]
    if target.is_metadata(host if host.count(":") > 1 else host.partition(":")[0]):
        found.append(("endpoint", f"`{settings.endpoint}`: an address for instance metadata; nothing may go there"))
    if not tokens and (settings.cluster is None or "alibaba" in clouds):
        or_else = " (on AWS alone the `cluster` does)" if "aws" in clouds else ""
        found.append(("endpoint", f"needs a token: give `token_env` or `token_file`{or_else}"))
    return found


def calls(settings: ClusterSettings, cloud: str) -> tuple[str, ...]:
    """The permissions that it takes to reach the cluster: the cloud is asked only where no endpoint is given."""
    return () if settings.endpoint is not None else access.CALLS[cloud]


def place(settings: ClusterSettings) -> str:
    """How logs name the cluster."""
    return settings.cluster or settings.endpoint or ""


def left(places: Sequence[str], node: str) -> str:
    """That these pods are left on the node, in words."""
    return f"{len(places)} {'pod is' if len(places) == 1 else 'pods are'} left on node {node}: {some(places)}"


def some(places: Sequence[str]) -> str:
    """The first few pods by name."""
    return ", ".join(map(short, places[:NAMED])) + (", …" if len(places) > NAMED else "")


class Visit:
    """One look at one instance's node. `remember` is what it has found out for later looks, of this and other checks and steps."""

    def __init__(self, settings: ClusterSettings, question: Question, limit_s: float) -> None:
        self._settings, self._question = settings, question
        self._deadline = clock.monotonic() + limit_s
        self._place_key = f"kubernetes {place(settings)}:place"
        self._node_key = f"kubernetes {place(settings)}:{question.instance}"
        self.remember: dict[str, str] = {}

    def api(self) -> Api:
        """The cluster's API. Raises RearmError when the way there cannot be found out."""
        way, found = access.access(self._settings, self._question.cloud, self._question.known, self._place_key)
        self.remember.update(found)
        return Api(way, self._deadline)

    def node(self, api: Api) -> Node | None:
        """The instance's node: by the name that is known, else among all; None if there is none. Raises TryAgain and Unreached."""
        name, instance = self._question.known.get(self._node_key, ""), self._question.instance
        if name:
            # It may have registered anew under another name, and another one under this.
            with contextlib.suppress(NotThere):
                node = api.node(name)
                if node.instance == instance:
                    return node
        found = api.node_of(instance)
        if found is not None and found.metadata.name != name:
            self.remember[self._node_key] = found.metadata.name
        return found

    def lost(self) -> dict[str, str]:
        """What to remember when nothing could be reached: the place may be out of date, so the next look asks the cloud again."""
        forget = {self._place_key: ""} if self._question.known.get(self._place_key) else {}
        return {**self.remember, **forget}
