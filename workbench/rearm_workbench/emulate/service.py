"""Both clouds, one clock, one lock, one journal, and the functions. START HERE.

    with Service(settings) as service:
        print(service.told())

After a restart the clouds start empty with the same seed, the clock stands, and every recorded request is executed again at its own time
while invocations are muted (`rebuild.py`); then what was not finished is run again, the time that passed meanwhile passes, and the clock
runs. Whoever moves it is kept waiting until then.
"""

import json
import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rearm.core.model import CloudName
from rearm_workbench.deployed import environment
from rearm_workbench.emulate import clock_request
from rearm_workbench.emulate import settings as options
from rearm_workbench.emulate.functions import Functions, name_of
from rearm_workbench.emulate.journal import Journal, compacted, ends_of
from rearm_workbench.emulate.reads import read_of
from rearm_workbench.emulate.rebuild import rebuild
from rearm_workbench.emulate.running_clock import RunningClock
from rearm_workbench.emulate.settings import Refused, Settings
from rearm_workbench.emulate.sqs_source import SqsSource
from rearm_workbench.emulate.state_dir import Record, StateDir, StateProblem
from rearm_workbench.emulate.worker_process import Function

TIME_RECORD_REAL_S = 5.0
SETTLE_ROUNDS_MAX = 50
COMPACT_FROM = 1000
"""So many lines less make it worth while to write the journal anew at the start."""
TRIGGERED_BY = "rearm"
"""The MNS topic and queue, the event bus and the OOS template of this name invoke the product's functions; others by `/_triggers`."""


class Service:
    """Use it in a `with`. Raises `Refused` or `StateProblem`, one line each, for what cannot be served."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._stack = ExitStack()
        self._jumping = threading.Lock()
        self._stands = threading.Event()
        self._over = threading.Event()

    def __enter__(self) -> "Service":
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._stack.close()

    def told(self) -> dict[str, Any]:
        """What the first line says."""
        aws, alibaba = self.aws.credentials, self.alibaba.credentials
        return {
            "aws": {
                "endpoint": f"http://{self.aws.endpoint}",
                "region": self.settings.aws_region,
                "access_key_id": aws[0],
                "secret_access_key": aws[1],
            },
            "alibaba": {
                "endpoint": f"http://{self.alibaba.endpoint}",
                "region": self.alibaba_region,
                "access_key_id": alibaba[0],
                "access_key_secret": alibaba[1],
                **({"security_token": alibaba[2]} if len(alibaba) > 2 else {}),
            },
            "pid": os.getpid(),
            "now": self.clock.now(),
            "speed": self.clock.speed,
            "state_dir": str(self.settings.state_dir) if self.settings.state_dir else None,
            "functions": self.functions.names,
        }

    def jump(self, seconds: float) -> float:
        """Let `seconds` of cloud time pass at once, in order, with the functions that are invoked on the way. Answers the new time."""
        with self.clock.lock.given_back(), self._jumping:
            now = self.clock.advance(seconds, self._settle)
            with self.clock.lock:
                self.journal.time()
            return now

    def control(self, _path: str, body: bytes) -> bytes | None:
        """What `/_clock` answers on both endpoints."""
        self._stands.wait()
        return clock_request.answer(body, self.clock.now, self.jump)

    # opening

    def _open(self) -> None:
        state = self._state_dir()
        records = self._records(state)
        first = self._first(records)
        self.clock = RunningClock(self.settings.speed, first["at"])
        self._stack.callback(self.clock.stop)
        self.journal = Journal(state, self.clock.now, self.clock.ran, read_of(self.settings.aws_region))
        self.journal.seen(records)
        self._stack.callback(self._close_journal)
        self.functions = Functions(self.settings.functions, self.clock, self._function, self.journal, self._report)
        self._stack.callback(self.functions.stop)
        self.functions.muted = []
        with self.clock.lock:
            if not records:
                self.journal.start({"seed": first["seed"], "heartbeat_adds": first["heartbeat_adds"]})
            self._open_clouds(first["seed"], first["heartbeat_adds"])
            rebuild(records, {"aws": self.aws, "alibaba": self.alibaba}, self.clock)
            self._sqs = self._sqs_source()
            self.functions.resume(ends_of(records))
        if records:
            self.jump(self._missed_s(records[-1]))
        self.clock.run()
        self._stands.set()
        self._sqs.start()
        self._stack.callback(self._sqs.stop)
        threading.Thread(target=self._keep_time, daemon=True, name="time records").start()

    def _records(self, state: StateDir | None) -> list[Record]:
        """What is recorded; written anew if that makes it much shorter."""
        records = list(state.records()) if state else []
        fewer = compacted(records)
        if state is None or len(records) - len(fewer) < COMPACT_FROM:
            return records
        state.replace(fewer)
        return fewer

    def _missed_s(self, last: Record) -> float:
        """How much cloud time passed while nobody ran."""
        if self.settings.stands_while_down:
            return 0.0
        return max(0.0, time.time() - float(last["wall"])) * self.settings.speed

    def _state_dir(self) -> StateDir | None:
        if self.settings.state_dir is None:
            return None
        state = StateDir(self.settings.state_dir)
        self._stack.callback(state.close)
        return state

    def _close_journal(self) -> None:
        with self.clock.lock:
            self.journal.close()

    def _first(self, records: list[Record]) -> Record:
        """The start record: the one that was kept, unless something else is asked for now, else a new one."""
        asked = {"seed": self.settings.seed, "heartbeat_adds": self.settings.heartbeat_adds}
        if not records:
            return {"at": time.time(), "seed": asked["seed"] or 0, "heartbeat_adds": bool(asked["heartbeat_adds"])}
        kept = records[0]
        for name, option in (("seed", "--seed"), ("heartbeat_adds", "--heartbeat")):
            if asked[name] is not None and asked[name] != kept[name]:
                raise StateProblem(
                    f"--state-dir {self.settings.state_dir}: it was begun with another {option}; leave that out, or use an empty directory"
                )
        return kept

    def _open_clouds(self, seed: int, heartbeat_adds: bool) -> None:
        # moto and boto3 make sessions, also when they are imported: the terminal's AWS_PROFILE is none of their business.
        self._stack.enter_context(environment({"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}))
        from rearm_workbench.emulators.alibaba.server import ACCOUNT, REGION, AlibabaEmulator
        from rearm_workbench.emulators.aws.server import AwsServer

        self.alibaba_region, self._alibaba_account = REGION, ACCOUNT
        common: dict[str, Any] = {"journal": self.journal, "seed": seed, "lock": self.clock.lock}
        self.aws = self._listen(
            "--aws",
            self.settings.aws,
            lambda host, port: AwsServer(
                self.clock, host=host, port=port, region=self.settings.aws_region, invoke=self.functions.on_aws, **common
            ),
        )
        self.alibaba = self._listen(
            "--alibaba",
            self.settings.alibaba,
            lambda host, port: AlibabaEmulator(
                self.clock, host=host, port=port, invoke=self.functions.on_alibaba, run=self._run, heartbeat_adds=heartbeat_adds, **common
            ),
        )
        self.aws.call = self._call
        self.aws.add_schedule_group(options.SCHEDULE_GROUP)
        for kind in ("mns_topic", "mns_queue", "eventbridge", "oos"):
            if self.functions.knows("alibaba", f"rearm-{kind}"):
                self.alibaba.add_trigger(kind, TRIGGERED_BY, f"rearm-{kind}")

    def _listen(self, option: str, where: options.Address, make: Callable[[str, int], Any]) -> Any:
        try:
            cloud = make(where.host, where.port)
            self._stack.enter_context(cloud)
        except OSError as error:
            raise Refused(f"{option} {where.host}:{where.port}: cannot listen there ({error.strerror or error})") from None
        cloud.control = self.control
        return cloud

    # while it runs

    def _function(self, cloud: CloudName, name: str, path: Path) -> Function:
        config = {"REARM_CONFIG": str(self.settings.config)} if self.settings.config else {}
        if cloud == "aws":
            found = options.lambda_environment(name, self.aws.environment(), self.settings.aws_region)
            return Function(cloud, name, str(path), found | config)
        found = self.alibaba.environment() | config
        return Function(cloud, name, str(path), found, self.alibaba.credentials, self.alibaba_region, self._alibaba_account)

    def _report(self, invocation_id: str, ok: bool) -> None:
        self.alibaba.report(invocation_id, ok)

    def _call(self, arn: str, payload: bytes) -> tuple[bytes, str | None]:
        """A synchronous invocation on Lambda."""
        return self.functions.call("aws", name_of(arn), payload)

    def _run(self, function: str, payload: bytes) -> tuple[bytes, bool]:
        """A synchronous invocation on Function Compute."""
        outcome = self.functions.call("alibaba", function, payload)
        if outcome.error is not None and not outcome.body:
            return json.dumps({"errorMessage": outcome.error}).encode(), True
        return outcome.body, outcome.error is not None

    def _sqs_source(self) -> SqsSource:
        from rearm_workbench.emulate.sqs_queues import MotoQueues, sqs_client

        region = self.settings.aws_region
        queues = MotoQueues(self.clock, region)
        return SqsSource(self.settings.triggers, self.functions, queues, self.clock, lambda: sqs_client(self.aws, region), region)

    def _settle(self) -> None:
        """Until no function runs and no queue has a message for one."""
        for _ in range(SETTLE_ROUNDS_MAX):
            self.functions.settle()
            if not self._sqs.poll():
                return

    def _keep_time(self) -> None:
        while not self._over.wait(TIME_RECORD_REAL_S):
            with self.clock.lock:
                if not self._over.is_set():
                    self.journal.time()
