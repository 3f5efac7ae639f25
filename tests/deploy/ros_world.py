"""A stand-in for Resource Orchestration Service over HTTP: stacks that are made, updated, and refuse an update that changes nothing."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Answer = tuple[int, dict[str, Any]]


class RosStub:
    """`fails`: the status that every stack ends with, instead of complete. `slept`: the pauses that somebody made."""

    def __init__(self) -> None:
        self.fails = ""
        self.slept: list[float] = []
        self.requests: list[dict[str, str]] = []
        self._stacks: dict[str, dict[str, Any]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "RosStub":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def made(self) -> dict[str, str]:
        """Stack -> what was done to it last."""
        return {name: one["done"] for name, one in self._stacks.items()}

    def parameters(self) -> dict[str, str]:
        """Those of the only stack."""
        [one] = self._stacks.values()
        found: dict[str, str] = one["parameters"]
        return found

    def template(self) -> str:
        """That of the only stack."""
        [one] = self._stacks.values()
        return str(one["template"])

    def _answer(self, params: dict[str, str]) -> Answer:
        self.requests.append(params)
        action, body = params["Action"], {"template": params.get("TemplateBody"), "parameters": _pairs(params)}
        if action == "ListStacks":
            name = params["StackName.1"]
            return 200, {"Stacks": [self._told(name)] if name in self._stacks else []}
        if action == "CreateStack":
            self._stacks[params["StackName"]] = {"done": "created", "asked": 0, **body}
            return 200, {"StackId": f"id-of-{params['StackName']}"}
        name = params["StackId"].removeprefix("id-of-")
        stack = self._stacks[name]
        if action == "GetStack":
            stack["asked"] += 1
            return 200, self._told(name)
        assert action == "UpdateStack"
        if all(stack[key] == value for key, value in body.items()):
            return 400, {"Code": "NotSupported", "Message": "Update the completely same stack is not supported."}
        stack |= {"done": "updated", "asked": 0, **body}
        return 200, {"StackId": params["StackId"]}

    def _told(self, name: str) -> dict[str, Any]:
        """In progress when it is asked for the first time."""
        stack = self._stacks[name]
        verb = "CREATE" if stack["done"] == "created" else "UPDATE"
        status = f"{verb}_IN_PROGRESS" if stack["asked"] == 1 else self.fails or f"{verb}_COMPLETE"
        return {"StackId": f"id-of-{name}", "StackName": name, "Status": status, "StatusReason": "no such luck"}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self._answer

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                status, told = answer(dict(parse_qsl(urlsplit(self.path).query) + parse_qsl(form)))
                content = json.dumps({"RequestId": "1", **told}).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Nothing: the tests read what they need."""

        return Handler


def _pairs(params: dict[str, str]) -> dict[str, str]:
    keys = [name for name in params if name.startswith("Parameters.") and name.endswith(".ParameterKey")]
    return {params[key]: params.get(key.replace("ParameterKey", "ParameterValue"), "") for key in keys}
