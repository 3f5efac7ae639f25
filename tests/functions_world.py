"""Two little functions, one on each cloud, in processes of their own."""

import json
from pathlib import Path

from rearm_workbench.emulate.functions import Functions
from rearm_workbench.emulate.running_clock import RunningClock
from rearm_workbench.emulate.worker_process import Function

START = 1_800_000_000.0

LAMBDA = """
import os, sys
from rearm import clock
count = 0
def handler(event, context):
    global count
    count += 1
    print("got", event.get("do"))
    if event.get("do") == "fail":
        raise ValueError("no luck")
    if event.get("do") == "die":
        os._exit(3)
    if event.get("do") == "sleep":
        began = clock.now()
        clock.sleep(event["s"])
        return {"slept": clock.now() - began}
    if event.get("do") == "odd":
        return {1, 2}
    left = context.get_remaining_time_in_millis()
    env = os.environ.get("MINE")
    return {"count": count, "pid": os.getpid(), "now": clock.now(), "left": left, "name": context.function_name, "env": env,
            "foreign": os.environ.get("AWS_PROFILE"), "cwd": os.getcwd()}
"""
FC = """
import json
def handler(event, context):
    if event == b"fail":
        raise ValueError("no luck")
    service = getattr(getattr(context, "service", None), "name", None)
    return json.dumps({"event": event.decode(), "service": service, "function": context.function.name, "region": context.region})
"""


class World:
    """`ended` is what the journal would be told, `reported` what Function Compute would be."""

    def __init__(self, directory: Path, runs: bool = True) -> None:
        for cloud, text in (("aws", LAMBDA), ("alibaba", FC)):
            (directory / cloud).mkdir()
            (directory / cloud / "my_one.py").write_text(text)
        self.clock = RunningClock(start=START)
        self.ended: list[tuple[str, int]] = []
        self.reported: list[tuple[str, bool]] = []
        self.functions = Functions(directory, self.clock, self.make, self, lambda *told: self.reported.append(told))
        if runs:
            self.clock.run()

    def done(self, invocation: int) -> None:
        self.ended.append(("done", invocation))

    def failed(self, invocation: int) -> None:
        self.ended.append(("failed", invocation))

    def make(self, cloud, name, path) -> Function:
        return Function(cloud, name, str(path), {"MINE": "yes"}, credentials=("id", "secret", "token"), region="cn-hangzhou", account="1")

    def call(self, **event: object) -> dict[str, object]:
        outcome = self.functions.call("aws", "rearm-my_one", json.dumps(event).encode())
        assert outcome.error is None
        answer: dict[str, object] = json.loads(outcome.body)
        return answer
