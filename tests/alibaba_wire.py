"""What a client really sends to Alibaba Cloud: a server on the loopback notes it, and all clocks and nonces stand still."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from email.utils import formatdate
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from rearm import clock
from rearm.clouds.alibaba import signing
from rearm.clouds.alibaba.exchange import USER_AGENT
from rearm.clouds.alibaba.settings import Credentials, Settings

NOW, NONCE = 1_800_000_000.75, "0123456789abcdef0123456789abcdef"


class Sent(NamedTuple):
    """One request, as it came: `target` is the path and the query, `headers` with their names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def signed(self, names: set[str], *prefixes: str) -> dict[str, str]:
        """The headers of these names, and those that begin so."""
        return {name: value for name, value in self.headers.items() if name in names or name.startswith(prefixes)}


class Wire:
    """Takes every request and answers 200 with an empty JSON object."""

    def __init__(self, endpoint: str, requests: list[Sent]) -> None:
        self.endpoint, self._requests = endpoint, requests

    def sent(self, call: Callable[[], object]) -> Sent:
        """The one request that the call makes."""
        self._requests.clear()
        call()
        (one,) = self._requests
        return one

    def settings(self, credentials: Credentials, **more: str) -> Settings:
        endpoints = dict.fromkeys(("ess", "ecs", "kms", "oos", "ros", "sts", "slb", "alb", "nlb", "cms", "cs", "fc"), self.endpoint)
        given = {"account": "1234567890123456", "fc_api": "", "fc_service": "rearm", "recheck_function": "rearm-recheck"} | more
        return Settings(credentials, "cn-hangzhou", **given, endpoints=endpoints)


@contextmanager
def wire() -> Iterator[Wire]:
    requests: list[Sent] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            requests.append(Sent(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield Wire(f"127.0.0.1:{server.server_address[1]}", requests)
    server.shutdown()
    server.server_close()


def stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clocks and nonces of ours and of the three SDKs, which write the dates themselves; and the name that FC's SDK gives itself.

    The machine is not where UTC is.
    """
    import aliyunsdkcore.utils.parameter_helper as core
    import fc2.client
    from alibabacloud_tea_openapi import utils as tea

    class Frozen(datetime):
        @classmethod
        def utcnow(cls) -> "Frozen":
            return cls.fromtimestamp(NOW, timezone.utc)

    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(signing, "nonce", lambda: NONCE)
    monkeypatch.setattr(core, "get_uuid", lambda: NONCE)
    monkeypatch.setattr(core, "time", SimpleNamespace(strftime=time.strftime, gmtime=lambda: time.gmtime(NOW)))
    monkeypatch.setattr(tea, "datetime", Frozen)
    monkeypatch.setattr(tea.Utils, "get_nonce", staticmethod(lambda: NONCE))
    monkeypatch.setattr(tea.Utils, "get_user_agent", staticmethod(lambda _: USER_AGENT))
    monkeypatch.setattr(fc2.client, "email", SimpleNamespace(utils=SimpleNamespace(formatdate=partial(formatdate, NOW))))


def core_call(wire: Wire, credentials: Credentials, version: str, action: str, given: Any, form: Any = (), path: str = "") -> None:
    """By aliyun-python-sdk-core: `given` in the query (or in the brackets of `path`, which makes it a GET), `form` in the body."""
    from aliyunsdkcore.auth.credentials import AccessKeyCredential, StsTokenCredential
    from aliyunsdkcore.client import AcsClient
    from aliyunsdkcore.http import protocol_type
    from aliyunsdkcore.request import CommonRequest

    key = (credentials.access_key_id, credentials.access_key_secret)
    credential = StsTokenCredential(*key, credentials.security_token) if credentials.security_token else AccessKeyCredential(*key)
    client = AcsClient(region_id="cn-hangzhou", credential=credential, auto_retry=False, proxy={"http": "", "https": ""})
    request = CommonRequest(domain=wire.endpoint, version=version, action_name=action)
    request.set_protocol_type(protocol_type.HTTP)
    request.set_method("GET" if path else "POST")
    if path:
        request.set_uri_pattern(path)
    for name, value in given.items():
        (request.add_path_param if f"[{name}]" in path else request.add_query_param)(name, str(value))
    for name in form:
        request.add_body_params(name, form[name])
    client.do_action_with_exception(request)


def fc3_client(wire: Wire, credentials: Credentials) -> Any:
    """alibabacloud_fc20230330."""
    from alibabacloud_fc20230330.client import Client
    from alibabacloud_tea_openapi.models import Config

    return Client(
        Config(
            access_key_id=credentials.access_key_id,
            access_key_secret=credentials.access_key_secret,
            security_token=credentials.security_token or None,
            region_id="cn-hangzhou",
            endpoint=wire.endpoint,
            protocol="http",
        )
    )


def fc2_client(wire: Wire, credentials: Credentials) -> Any:
    """aliyun-fc2."""
    import fc2

    return fc2.Client(
        endpoint=f"http://{wire.endpoint}",
        accessKeyID=credentials.access_key_id,
        accessKeySecret=credentials.access_key_secret,
        securityToken=credentials.security_token,
    )
