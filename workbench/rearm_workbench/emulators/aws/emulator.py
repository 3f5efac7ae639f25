"""`AwsEmulator`: moto with lifecycle actions, on a virtual clock, inside this process."""

from collections.abc import Callable
from types import TracebackType
from typing import Any

from moto import mock_aws

from rearm.clouds.aws.cloud import forget_clients
from rearm.core.limits import AWS
from rearm_workbench.emulators.aws.account import Account
from rearm_workbench.emulators.aws.install import MOTO_CONFIG, install, session
from rearm_workbench.emulators.aws.running import Running, begin, end
from rearm_workbench.emulators.lifecycle import Clock, LifecycleBook


class AwsEmulator(Account):
    """One emulated AWS account; a context manager, one at a time in a process.

    `on_call(name, text)` hears of every call, also of those that fail: `autoscaling:CompleteLifecycleAction` and the raw
    request. `invoke(arn, payload)` is called when a schedule, a rule, a topic or a hook has something for a Lambda function.
    Inside, the environment holds made-up credentials, and the pauses between botocore's own retries are virtual too.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        region: str = "us-east-1",
        on_call: Callable[[str, str], None] | None = None,
        invoke: Callable[[str, bytes], None] | None = None,
        timers_late_s: float = 0,
    ) -> None:
        book = LifecycleBook(clock, AWS)
        super().__init__(Running(clock, region, book, on_call, invoke, timers_late_s), None)
        self._undo: list[Callable[[], object]] = []

    def __enter__(self) -> "AwsEmulator":
        begin(self._running)
        self._undo.append(end)
        try:
            self._undo += install(self._running.region)
            aws = mock_aws(config=MOTO_CONFIG)
            aws.start()
            self._undo.append(aws.stop)
            forget_clients(session())
            self._undo.append(forget_clients)
        except BaseException:
            self._unwind()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._unwind()

    def _unwind(self) -> None:
        while self._undo:
            self._undo.pop()()

    def client(self, service: str) -> Any:
        """A new botocore client that talks to this emulator, quickly made: the API models are read once in a process."""
        make: Any = session().create_client
        return make(service, region_name=self._running.region)
