"""`kubernetes_node`: the instance's node is Ready (launch), or nothing runs on it but DaemonSet and mirror pods (terminate)."""

import contextlib
from typing import Annotated

import msgspec

from rearm import clock
from rearm.checks import existence, kubernetes_access, target
from rearm.checks.asking import short
from rearm.checks.kubernetes_api import Api, Node, NotThere
from rearm.checks.question import Question
from rearm.core.model import CheckResult

CALLS = {cloud: (*kubernetes_access.CALLS[cloud], *existence.CALLS[cloud]) for cloud in ("aws", "alibaba")}
TARGET = ("cluster", "endpoint")
NAMED = 3
"""So many of the pods that are left are named."""

Cluster = Annotated[
    str, msgspec.Meta(pattern=r"^(?!.*[^0-9A-Za-z_-]).{1,100}$", description="a text: the name of an EKS cluster, the id of an ACK one")
]
Endpoint = Annotated[
    str, msgspec.Meta(pattern=r"^https://(?!.*[^0-9A-Za-z.:\[\]-]).+$", description="a text like https://10.0.0.1:6443, without a path")
]
Variable = Annotated[str, msgspec.Meta(pattern=r"^(?!.*[^0-9A-Z_]).+$", description="the name of an environment variable, in capitals")]
File = Annotated[str, msgspec.Meta(pattern=r"^/(?!.*[^ -~])", description="the path of a file, from / on")]
Authority = Annotated[str, msgspec.Meta(min_length=1, description="a certificate (PEM), or the path of its file")]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`cluster` alone: the cloud tells how to reach it. `ca` None: an authority that the machine trusts."""

    cluster: Cluster | None = None
    endpoint: Endpoint | None = None
    ca: Authority | None = None
    token_env: Variable | None = None
    token_file: File | None = None


def calls(settings: Settings, cloud: str) -> tuple[str, ...]:
    """The permissions that these settings need: the cluster is asked for only where no endpoint is given."""
    return existence.CALLS[cloud] if settings.endpoint is not None else CALLS[cloud]


def problems(settings: Settings, clouds: tuple[str, ...]) -> list[tuple[str, str]]:
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
        found.append(("endpoint", f"`{settings.endpoint}`: an address for instance metadata; a check may not go there"))
    if not tokens and (settings.cluster is None or "alibaba" in clouds):
        or_else = " (on AWS alone the `cluster` does)" if "aws" in clouds else ""
        found.append(("endpoint", f"needs a token: give `token_env` or `token_file`{or_else}"))
    return found


def label(settings: Settings) -> str:
    return f"kubernetes node in {settings.cluster or settings.endpoint}"


def ask(settings: Settings, question: Question) -> CheckResult:
    """Asks the API server. Raises RearmError when it cannot be asked."""
    deadline = clock.monotonic() + question.limit_s
    place_key, node_key = f"{label(settings)}:place", f"{label(settings)}:{question.instance}"
    access, remember = kubernetes_access.access(settings, question.cloud, question.known, place_key)
    api = Api(access, deadline)
    try:
        node = _node(api, question.instance, question.known.get(node_key, ""))
        if node is not None and question.known.get(node_key) != node.metadata.name:
            remember[node_key] = node.metadata.name
        found = _drained(api, node) if question.action.transition == "terminate" else _ready(node, question)
    except target.Unreached as unreached:
        # What was remembered of the cluster may be out of date: the next look asks the cloud again.
        forget = {place_key: ""} if question.known.get(place_key) else {}
        return CheckResult("waiting", str(unreached), {**remember, **forget}, error=True)
    return msgspec.structs.replace(found, remember=remember)


def _node(api: Api, instance: str, name: str) -> Node | None:
    """The instance's node: by the name that is known, else among all."""
    if name:
        # It may have registered anew under another name, and another one under this.
        with contextlib.suppress(NotThere):
            node = api.node(name)
            if node.instance == instance:
                return node
    return api.node_of(instance)


def _ready(node: Node | None, question: Question) -> CheckResult:
    if node is None:
        return existence.or_gone(question, CheckResult("waiting", "the cluster has no node of this instance yet"))
    name, ready = short(node.metadata.name), node.ready
    if ready is None:
        return CheckResult("waiting", f"node {name} has not said yet whether it is Ready")
    if ready.status == "True":
        return CheckResult("passed", f"node {name} is Ready")
    return CheckResult("waiting", f"node {name} is not Ready" + (f" ({short(ready.reason)})" if ready.reason else ""))


def _drained(api: Api, node: Node | None) -> CheckResult:
    if node is None:
        return CheckResult("passed", "the cluster has no node of this instance")
    pods = api.pods_on(node.metadata.name)
    left = [f"{pod.metadata.namespace}/{pod.metadata.name}" for pod in pods if not (pod.stays or pod.over)]
    name = short(node.metadata.name)
    if not left:
        return CheckResult("passed", f"nothing is left on node {name} but DaemonSet and mirror pods")
    names = ", ".join(map(short, left[:NAMED])) + (", …" if len(left) > NAMED else "")
    return CheckResult("waiting", f"{len(left)} {'pod is' if len(left) == 1 else 'pods are'} left on node {name}: {names}")
