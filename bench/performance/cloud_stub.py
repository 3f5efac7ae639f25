"""The network of the measured handlers: a loopback server that answers every call at once, with the shape that the service's pages give.

Run as a program it prints its port and serves until it is killed: `python bench/performance/cloud_stub.py ready|waiting`. It keeps no state
and checks nothing, so that what is measured is the caller. A call that it does not know ends it: a caller that tries again is not what
is to be measured.
"""

import json
import os
import sys
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

XML = '<?xml version="1.0" encoding="UTF-8"?>'
AUTO_SCALING = "http://autoscaling.amazonaws.com/doc/2011-01-01/"
EC2 = "http://ec2.amazonaws.com/doc/2016-11-15/"


def aws_query(action: str, form: dict[str, list[str]], state: str) -> str:
    """Auto Scaling and EC2."""
    if action == "DescribeInstanceStatus":
        word = "ok" if state == "ready" else "initializing"
        status = f"<status>{word}</status>"
        item = (
            f"<item><instanceId>{form['InstanceId.1'][0]}</instanceId><instanceState><code>16</code><name>running</name></instanceState>"
            f"<systemStatus>{status}</systemStatus><instanceStatus>{status}</instanceStatus></item>"
        )
        return f'{XML}<{action}Response xmlns="{EC2}"><instanceStatusSet>{item}</instanceStatusSet></{action}Response>'
    hooks = ""
    if action == "DescribeLifecycleHooks":
        hooks = (
            f"<LifecycleHooks><member><LifecycleHookName>{form['LifecycleHookNames.member.1'][0]}</LifecycleHookName>"
            f"<AutoScalingGroupName>{form['AutoScalingGroupName'][0]}</AutoScalingGroupName><HeartbeatTimeout>600</HeartbeatTimeout>"
            "<GlobalTimeout>60000</GlobalTimeout><DefaultResult>ABANDON</DefaultResult>"
            "<LifecycleTransition>autoscaling:EC2_INSTANCE_LAUNCHING</LifecycleTransition></member></LifecycleHooks>"
        )
    elif action not in ("CompleteLifecycleAction", "RecordLifecycleActionHeartbeat"):
        raise ValueError(f"unknown: {action} {sorted(form)}")
    return f'{XML}<{action}Response xmlns="{AUTO_SCALING}"><{action}Result>{hooks}</{action}Result></{action}Response>'


def alibaba(action: str, form: dict[str, list[str]], state: str) -> dict[str, object]:
    """ESS and ECS."""
    if action == "DescribeScalingInstances":
        health = "Healthy" if state == "ready" else "Pending"
        found = [{"InstanceId": ids[0], "HealthStatus": health} for name, ids in form.items() if name.startswith("InstanceIds.")]
        return {"RequestId": "R", "TotalCount": len(found), "ScalingInstances": found}
    if action == "DescribeInstanceStatus":
        ids = [values[0] for name, values in sorted(form.items()) if name.startswith("InstanceId.")]
        word = "Running" if state == "ready" else "Starting"
        return {
            "RequestId": "R",
            "TotalCount": len(ids),
            "InstanceStatuses": {"InstanceStatus": [{"InstanceId": one, "Status": word} for one in ids]},
        }
    if action == "DescribeLifecycleHooks":
        hook = {
            "LifecycleHookId": form["LifecycleHookIds.1"][0],
            "HeartbeatTimeout": 600,
            "DefaultResult": "ABANDON",
            "LifecycleTransition": "SCALE_IN",
        }
        return {"RequestId": "R", "TotalCount": 1, "LifecycleHooks": [hook]}
    if action not in ("CompleteLifecycleAction", "RecordLifecycleActionHeartbeat"):
        raise ValueError(f"unknown: {action} {sorted(form)}")
    return {"RequestId": "R"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    state = "ready"

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if parts.path.startswith("/healthz"):  # the instance's own service, for the checks that ask it
            return self.answer(200 if self.state == "ready" else 503, b"{}", "application/json")
        if "X-Amz-Target" in self.headers:  # DynamoDB
            return self.answer(200, b"{}", "application/x-amz-json-1.0")
        if parts.path.startswith("/schedules/"):
            return self.answer(200, b'{"ScheduleArn": "arn"}', "application/json")
        if "/functions/" in parts.path:
            return self.answer(202, b"", "application/json")
        is_form = self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
        form = parse_qs(parts.query) | (parse_qs(body.decode()) if is_form else {})
        action = self.headers.get("x-acs-action") or form.get("Action", [""])[0]
        if "x-acs-action" in self.headers or "SignatureMethod" in form:
            return self.answer(200, json.dumps(alibaba(action, form, self.state)).encode(), "application/json")
        return self.answer(200, aws_query(action, form, self.state).encode(), "text/xml")

    do_GET = do_POST

    def answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_who: object) -> None:
        """A caller whose process was ended leaves its connections behind; anything else is a call that is not known here."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            traceback.print_exc()
            os._exit(1)


if __name__ == "__main__":
    Handler.state = sys.argv[1]
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
