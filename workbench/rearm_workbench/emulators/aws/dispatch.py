"""From an HTTP request to the moto service that it is signed for, and back.

The way of moto's own server, without Flask: the service and the region are read from the signature, the handler is looked up
under the service's real host name, and it sees the URL that the client used (a queue's URL is made of it).
"""

import re
from collections.abc import Callable
from typing import Any

import moto.backend_index
import moto.backends
import moto.moto_api
from botocore.exceptions import ClientError, ConnectionClosedError
from moto.core.base_backend import BackendDict
from moto.core.request import Request
from werkzeug.exceptions import HTTPException

from rearm_workbench.emulators.alibaba.loopback import Answer, Incoming
from rearm_workbench.emulators.aws.calls import Refusal
from rearm_workbench.emulators.aws.functions import INVOKE, invoke
from rearm_workbench.emulators.aws.running import ACCOUNT

SCOPE = re.compile(r"Credential=[^/]+/[^/]+/([^/]+)/([^/]+)/aws4_request")
HOSTS = {"eventbridge": "events"}
OWN_HEADERS = {"date", "server", "content-length", "connection"}
"""Headers that the HTTP server writes itself."""

Handler = Callable[[Request, str, Any], Any]


class Dispatcher:
    """Answers requests out of moto's backends. Made when our classes are installed: it keeps the handlers that it has found."""

    def __init__(self) -> None:
        self._handlers: dict[str, list[tuple[re.Pattern[str], Handler]]] = {}

    def answer(self, incoming: Incoming, endpoint: str) -> Answer:
        """Serve one request. Raises `ConnectionError` when the connection is to break without an answer."""
        url = f"http://{incoming.headers.get('host') or endpoint}{incoming.path}" + (f"?{incoming.query}" if incoming.query else "")
        request = Request.from_primitives(incoming.method, url, incoming.headers, incoming.body)
        scope = SCOPE.search(incoming.headers.get("authorization", ""))
        region, service = scope.groups() if scope else ("us-east-1", "")
        try:
            status, headers, body = self._handled(request, service.lower(), region)
        except HTTPException as error:
            status, headers, body = error.code or 500, dict(error.get_headers()), error.get_body()
        except ConnectionClosedError:
            raise ConnectionAbortedError from None
        sent = body if isinstance(body, bytes) else str(body).encode()
        return Answer(int(status), {key: str(value) for key, value in headers.items() if key.lower() not in OWN_HEADERS}, sent)

    def _handled(self, request: Request, service: str, region: str) -> Any:
        if not service:
            # Nobody knows the service of an unsigned request; its target header tells at least JSON from XML.
            kind = "events" if request.headers.get("X-Amz-Target") else "autoscaling"
            raise Refusal(kind, "MissingAuthenticationToken", "Request is missing Authentication Token", 403)
        moto.moto_api.recorder._record_request(request)
        if service == "lambda" and INVOKE.fullmatch(request.raw_path):
            return invoke(request, region)
        handler = self._handler(service, region, request.raw_path)
        if handler is None:
            raise Refusal(service, "NotModelled", f"the emulator has no {request.method} {request.raw_path} of {service}", 501)
        try:
            answer = handler(request, request.raw_url, request.headers)
        except ClientError as error:
            return 400, {}, error.response["Error"]["Message"]
        except HTTPException:
            raise
        except Exception as error:
            what = f"the emulator failed: {type(error).__name__}: {error}"
            raise Refusal(service, "InternalFailure", what, 500) from error
        return answer if isinstance(answer, tuple) and len(answer) == 3 else (200, {}, answer)

    def _handler(self, service: str, region: str, path: str) -> Handler | None:
        host = f"https://{HOSTS.get(service, service)}.{region}.amazonaws.com"
        if host not in self._handlers:
            self._handlers[host] = _handlers(host)
        return next((handler for pattern, handler in self._handlers[host] if pattern.match(f"{host}{path}")), None)


def _handlers(host: str) -> list[tuple[re.Pattern[str], Handler]]:
    found = []
    for name, pattern in moto.backend_index.backend_url_patterns:
        if pattern.match(f"{host}/"):
            backends = moto.backends.get_backend(name)
            regions = backends[ACCOUNT] if isinstance(backends, BackendDict) else backends
            region = "us-east-1" if "us-east-1" in regions else "aws" if isinstance(backends, BackendDict) else "global"
            found += [(re.compile(url), handler) for url, handler in regions[region].urls.items()]
    return found
