"""The Kubernetes API, as far as nodes and pods need it: plain HTTPS, one connection for each request.

The official client (`kubernetes`) reads every model of the API when it is imported; the standard library does for a few requests.
Sources: kubernetes.io/docs/reference/using-api/api-concepts (lists in chunks, patches), .../docs/concepts/scheduling-eviction/api-eviction.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec

from rearm import clock
from rearm.checks.asking.call import short
from rearm.checks.kubernetes.objects import Node, NodeList, Pod, PodList
from rearm.checks.network import target
from rearm.checks.network.connection import broken
from rearm.checks.network.http_exchange import Answer, Request, exchange
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


class Refused(TryAgain):
    """The API server's own answer is an error, with that HTTP status. `str` says what to do.

    `message`: its words. `causes`: (reason, message) of each. `retry_after_s`: it wants to be left alone for so long, 0 if it does not say.
    """

    def __init__(self, text: str, status: int, message: str, causes: tuple[tuple[str, str], ...], retry_after_s: int) -> None:
        self.status, self.message, self.causes, self.retry_after_s = status, message, causes, retry_after_s
        super().__init__(text)


class _Cause(msgspec.Struct, frozen=True):
    reason: str = ""
    message: str = ""


class _Details(msgspec.Struct, frozen=True):
    causes: list[_Cause] | None = None


class _Status(msgspec.Struct, frozen=True):
    """Of the object `Status`, which every error of the API server is."""

    message: str = ""
    details: _Details | None = None


class Api:
    """One API server, until the deadline (`clock.monotonic` seconds). Everything raises TryAgain, and Unreached for no connection."""

    def __init__(self, access: Access, deadline: float) -> None:
        self._access, self._deadline = access, deadline

    def left_s(self) -> float:
        """Seconds until the deadline; 0 or less: no request would be sent any more."""
        return self._deadline - clock.monotonic()

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

    def cordon(self, node: str) -> None:
        """Have no new pods placed on the node. Raises NotThere."""
        patch = {"spec": {"unschedulable": True}}
        self.send("patch nodes", "PATCH", f"/api/v1/nodes/{_quoted(node)}", patch, "application/merge-patch+json")

    def evict(self, pod: Pod, grace_s: int | None) -> None:
        """Have the pod end, if its budgets allow: else Refused. `grace_s` None: in its own grace period. Raises NotThere."""
        named = {"name": pod.metadata.name, "namespace": pod.metadata.namespace}
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": named, "deleteOptions": _options(pod, grace_s)}
        self.send("create pods/eviction", "POST", f"{_path(pod)}/eviction", eviction)

    def delete(self, pod: Pod, grace_s: int | None) -> None:
        """Have the pod end, whatever its budgets say. Raises NotThere."""
        self.send("delete pods", "DELETE", _path(pod), {"apiVersion": "v1", "kind": "DeleteOptions", **_options(pod, grace_s)})

    def send(self, verb: str, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Answer:
        """One request; `verb` names the permission, as RBAC calls it (`list nodes`). Any answer that is no error.

        Raises NotThere for 404, and Refused for any other error that the API server answers.
        """
        headers = {"Authorization": f"Bearer {self._access.token}"} if self._access.token else {}
        if body is not None:
            headers["Content-Type"] = content_type
        request = Request(method, path, {**headers, "Accept": "application/json"}, None if body is None else msgspec.json.encode(body))
        left_s = self.left_s()
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
    if not answer.status:
        return TryAgain(f"kubernetes:{verb}: what answers does not speak HTTP")
    try:
        told = msgspec.json.decode(answer.body, type=_Status)
    except (ValueError, RecursionError):
        told = _Status()
    texts = {
        401: f"kubernetes:{verb}: the API server does not know the function (401): give its role access to the cluster",
        403: f"kubernetes:{verb} is forbidden (403): allow it by a ClusterRole",
        429: f"kubernetes:{verb} is throttled (429)",
    }
    text = texts.get(answer.status, f"kubernetes:{verb} failed (HTTP {answer.status}): {short(told.message)}")
    after = answer.headers.get("retry-after", "")
    causes = tuple((cause.reason, cause.message) for cause in (told.details or _Details()).causes or ())
    return Refused(text, answer.status, told.message, causes, int(after) if after.isdecimal() and len(after) < 6 else 0)


def _path(pod: Pod) -> str:
    return f"/api/v1/namespaces/{_quoted(pod.metadata.namespace)}/pods/{_quoted(pod.metadata.name)}"


def _options(pod: Pod, grace_s: int | None) -> dict[str, object]:
    """Of this very pod: a StatefulSet starts the next one elsewhere under the same name."""
    grace = {} if grace_s is None else {"gracePeriodSeconds": grace_s}
    return {"preconditions": {"uid": pod.metadata.uid}, **grace}


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")
