"""The Kubernetes API, as far as nodes and pods need it: plain HTTPS, one connection for each request.

The official client (`kubernetes`) reads every model of the API when it is imported; the standard library does for a few requests.
Sources: kubernetes.io/docs/reference/using-api/api-concepts (lists in chunks), .../kubernetes-api/cluster-resources/node-v1,
.../kubernetes-api/workload-resources/pod-v1.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec

from rearm import clock
from rearm.checks import target
from rearm.checks.asking import short
from rearm.checks.connection import broken
from rearm.checks.http_exchange import Answer, Request, exchange
from rearm.errors import TryAgain

if TYPE_CHECKING:
    import ssl

PAGE = 100
READ_MAX = 16 * 1024 * 1024
"""Bytes of one answer: a page of nodes with all their images takes some 3 MiB."""

T = TypeVar("T")


class Access(NamedTuple):
    """Where the API server is, whom to trust there, and the bearer token; empty where the context holds a client certificate."""

    host: str
    port: int
    context: "ssl.SSLContext"
    token: str


class NotThere(Exception):
    """404: no such object."""


class _Read(msgspec.Struct, frozen=True, rename="camel"):
    """Of what the API tells, only what is read here."""


class Owner(_Read, frozen=True, rename="camel"):
    kind: str = ""
    controller: bool = False


class Metadata(_Read, frozen=True, rename="camel"):
    name: str
    namespace: str = ""
    annotations: dict[str, str] | None = None
    owner_references: list[Owner] | None = None


class Condition(_Read, frozen=True, rename="camel"):
    type: str
    status: str
    reason: str = ""


class NodeSpec(_Read, frozen=True, rename="camel"):
    provider_id: str = msgspec.field(default="", name="providerID")
    unschedulable: bool = False


class NodeStatus(_Read, frozen=True, rename="camel"):
    conditions: list[Condition] | None = None


class Node(_Read, frozen=True, rename="camel"):
    metadata: Metadata
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()

    @property
    def instance(self) -> str:
        """Of the `providerID`: `aws:///ZONE/i-…` on EKS, `REGION.i-…` on ACK; empty without one."""
        return self.spec.provider_id.replace(".", "/").rpartition("/")[2]

    @property
    def ready(self) -> Condition | None:
        """The condition `Ready`; None before the kubelet has said anything."""
        return next((one for one in self.status.conditions or () if one.type == "Ready"), None)


class PodStatus(_Read, frozen=True, rename="camel"):
    phase: str = ""


class Pod(_Read, frozen=True, rename="camel"):
    metadata: Metadata
    status: PodStatus = PodStatus()

    @property
    def stays(self) -> bool:
        """What a drain leaves: DaemonSet pods (they would come back at once) and the kubelet's own static pods, as mirrored."""
        if "kubernetes.io/config.mirror" in (self.metadata.annotations or {}):
            return True
        return any(owner.controller and owner.kind == "DaemonSet" for owner in self.metadata.owner_references or ())

    @property
    def over(self) -> bool:
        """It has run to its end and only lies there to be looked at."""
        return self.status.phase in ("Succeeded", "Failed")


class ListMeta(_Read, frozen=True, rename="camel"):
    next_page: str = msgspec.field(default="", name="continue")


class NodeList(_Read, frozen=True, rename="camel"):
    items: list[Node] | None
    metadata: ListMeta = ListMeta()


class PodList(_Read, frozen=True, rename="camel"):
    items: list[Pod] | None
    metadata: ListMeta = ListMeta()


class Api:
    """One API server, until the deadline (`clock.monotonic` seconds). Everything raises TryAgain, and Unreached for no connection."""

    def __init__(self, access: Access, deadline: float) -> None:
        self._access, self._deadline = access, deadline

    def node(self, name: str) -> Node:
        """Raises NotThere."""
        return self._read("get nodes", f"/api/v1/nodes/{_quoted(name)}", {}, Node)

    def node_of(self, instance: str) -> Node | None:
        """The node of an instance, sought among all of them; None if there is none."""
        for page in self._pages("nodes", {}, NodeList):
            for node in page.items or ():
                if node.instance == instance:
                    return node
        return None

    def pods_on(self, node: str) -> list[Pod]:
        """Every pod that is bound to the node."""
        pages = self._pages("pods", {"fieldSelector": f"spec.nodeName={node}"}, PodList)
        return [pod for page in pages for pod in page.items or ()]

    def send(self, verb: str, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Answer:
        """One request; `verb` names the permission, as RBAC calls it (`list nodes`). Any answer that is no error.

        Raises NotThere for 404. 429 (a disruption budget, or too many requests) is an error like the others.
        """
        headers = {"Authorization": f"Bearer {self._access.token}"} if self._access.token else {}
        if body is not None:
            headers["Content-Type"] = content_type
        request = Request(method, path, {**headers, "Accept": "application/json"}, None if body is None else msgspec.json.encode(body))
        left_s = self._deadline - clock.monotonic()
        try:
            if left_s <= 0:
                raise TimeoutError
            answer = exchange(
                self._access.host, self._access.port, request, left_s, context=self._access.context, server_name="", read=READ_MAX
            )
        except TimeoutError:
            raise TryAgain(f"kubernetes:{verb}: no answer in time") from None
        except OSError as error:
            raise target.Unreached(f"the connection to the API server broke: {broken(error)}") from None
        if answer.status == 404:
            raise NotThere(path)
        if not 200 <= answer.status <= 299:
            raise _refused(verb, answer)
        return answer

    def _pages(self, resource: str, query: Mapping[str, str], kind: "type[T]") -> "Iterator[T]":
        next_page = ""
        while True:
            paged = {**query, "limit": str(PAGE), **({"continue": next_page} if next_page else {})}
            try:
                page: Any = self._read(f"list {resource}", f"/api/v1/{resource}", paged, kind)
            except NotThere:
                raise TryAgain(f"kubernetes:list {resource}: not found (404): is that a Kubernetes API server?") from None
            yield page
            next_page = page.metadata.next_page
            if not next_page:
                return

    def _read(self, verb: str, path: str, query: Mapping[str, str], kind: "type[T]") -> "T":
        from urllib.parse import urlencode

        answer = self.send(verb, "GET", f"{path}?{urlencode(query)}" if query else path)
        if not answer.whole:
            raise TryAgain(f"kubernetes:{verb}: the answer is longer than {READ_MAX // 2**20} MiB")
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except (ValueError, RecursionError):
            raise TryAgain(f"kubernetes:{verb}: the answer cannot be read") from None


def _refused(verb: str, answer: Answer) -> TryAgain:
    """An error of the API server, in one line that says what to do."""
    try:
        told = msgspec.json.decode(answer.body)["message"]
    except (ValueError, RecursionError, KeyError, TypeError):
        told = ""
    if not answer.status:
        return TryAgain(f"kubernetes:{verb}: what answers does not speak HTTP")
    if answer.status == 401:
        return TryAgain(f"kubernetes:{verb}: the API server does not know the function (401): give its role access to the cluster")
    if answer.status == 403:
        return TryAgain(f"kubernetes:{verb} is forbidden (403): allow it by a ClusterRole")
    if answer.status == 429:
        return TryAgain(f"kubernetes:{verb} is throttled (429)")
    return TryAgain(f"kubernetes:{verb} failed (HTTP {answer.status}): {short(told)}")


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")
