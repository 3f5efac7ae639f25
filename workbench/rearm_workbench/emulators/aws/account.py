"""What a test or a replay does to an emulated account from outside: seed, make calls fail, and move the instances' world."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import autoscaling_backends
from moto.ec2 import ec2_backends
from moto.s3.models import s3_backends
from moto.scheduler.models import scheduler_backends
from moto.ssm.models import ssm_backends

from rearm.core.model import Result, Transition
from rearm_workbench.emulators.aws import autoscaling, scheduler
from rearm_workbench.emulators.aws.hooks import WIRE, checked
from rearm_workbench.emulators.aws.routes import route_of
from rearm_workbench.emulators.aws.running import ACCOUNT, Fault, Running
from rearm_workbench.emulators.aws.seed import seed_group, seed_instance
from rearm_workbench.emulators.lifecycle import LifecycleAction
from rearm_workbench.emulators.scripts import Scripts


class Account:
    """One emulated account. Whatever changes it, holds its lock."""

    def __init__(self, running: Running, lock: AbstractContextManager[object] | None) -> None:
        self.book = running.book
        self._running = running
        self._lock: AbstractContextManager[object] = lock or threading.RLock()

    @property
    def region(self) -> str:
        return self._running.region

    # failures on demand

    def fail_next(self, name: str, code: str, status: int = 400, times: int = 1, message: str = "made to fail") -> None:
        """The next `times` calls of `name` (`autoscaling:CompleteLifecycleAction`) fail before they take effect.

        Status 0: the connection breaks instead, and no answer comes. Remember that botocore itself tries up to 5 times.
        """
        with self._lock:
            self._running.faults.setdefault(name, []).append(Fault(code, message, status, times))

    @property
    def undelivered(self) -> list[tuple[str, bytes]]:
        """What was to be delivered and found no taker: target ARN and payload."""
        return self._running.undelivered

    # seeding, without a call that counts

    def seed_action(
        self,
        *,
        group: str,
        hook: str,
        token: str,
        instance_id: str,
        transition: Transition,
        timeout_s: int,
        default_result: Result,
        origin: str | None = None,
        destination: str | None = None,
        metadata: str | None = None,
    ) -> LifecycleAction:
        """An instance in its wait state, as if its notification had just been sent; none is.

        Makes the group (which launches nothing by itself), the hook and the instance where they are missing.
        Raises `ValueError` for what AWS would not accept.
        """
        if token in self.book.actions:
            raise ValueError(f"the token {token} is used twice")
        asked = {
            "LifecycleHookName": hook,
            "LifecycleTransition": WIRE[transition],
            "HeartbeatTimeout": timeout_s,
            "DefaultResult": default_result,
            "NotificationMetadata": metadata,
        }
        try:
            made = checked(group, asked, None, self._running.region)
        except ValidationError as error:
            raise ValueError(f"hook {hook} of group {group}: {error.message}") from None
        with self._lock:
            backend = self._auto_scaling
            backend.hooks[group, hook] = made
            owner = backend.autoscaling_groups.get(group) or seed_group(backend, group)
            known = (one for one in owner.instance_states if one.instance_id == instance_id)
            state = next(known, None) or seed_instance(owner, instance_id)
            route = route_of(transition, origin, destination)
            backend.activities.begin(owner, instance_id, route, held=True)
            return backend.begin(owner, state, made, token, route)

    def add_schedule_group(self, name: str) -> None:
        """Make a schedule group, as the template does."""
        with self._lock:
            self._scheduler.create_schedule_group(name, [])

    # the instances' world

    def set_ready(self, instance_id: str, ready: Callable[[], bool]) -> None:
        """DescribeInstanceStatus says `initializing` as long as `ready()` is false, then `ok`."""
        self._running.ready[instance_id] = ready

    @property
    def scripts(self) -> Scripts:
        """What becomes of scripts on the instances, and whether their SSM agents are online."""
        return self._running.scripts

    def put_tag(self, instance_id: str, key: str, value: str) -> None:
        """Tag an instance, as its own boot script would."""
        with self._lock:
            self._ec2.create_tags([instance_id], {key: value})

    def set_function(self, name: str, run: Callable[[bytes], tuple[bytes, str | None]]) -> None:
        """A Lambda function that answers whoever waits for it: `run(payload)` gives its result, and one line if it failed."""
        self._running.functions[name] = run

    def put_parameter(self, name: str, value: str) -> None:
        """Set a parameter of Systems Manager."""
        with self._lock:
            asked: dict[str, Any] = {"keyid": None, "overwrite": True, "tags": [], "data_type": "text", "tier": None, "policies": None}
            self._ssm.put_parameter(name, "", value, "String", None, **asked)

    def put_object(self, bucket: str, key: str, body: bytes = b"") -> None:
        """Put an object into S3; its bucket is there from now on."""
        with self._lock:
            s3 = s3_backends[ACCOUNT]["aws"]
            if bucket not in s3.buckets:
                s3.create_bucket(bucket, self.region)
            s3.put_object(bucket, key, body)

    def private_ip(self, instance_id: str) -> str:
        """The instance's private address."""
        return str(self._ec2.get_instance(instance_id).private_ip)

    def vanish(self, instance_id: str) -> None:
        """Terminate the instance behind everybody's back: its actions end as `gone`, and its group (if not seeded) launches another."""
        with self._lock:
            self._ec2.terminate_instances([instance_id])
            self._auto_scaling.notify_terminate_instances([instance_id])

    def instance_state(self, instance_id: str) -> str:
        """The lifecycle state in its group (`Pending:Wait`), or EC2's state when it is in none (`terminated`)."""
        for state in self._auto_scaling.describe_auto_scaling_instances([instance_id]):
            return str(state.lifecycle_state)
        return str(self._ec2.get_instance(instance_id).state)

    def pending_schedules(self) -> list[str]:
        """Names of the schedules that have still to fire."""
        return self._scheduler.pending()

    @property
    def _auto_scaling(self) -> autoscaling.Backend:
        backend: autoscaling.Backend = autoscaling_backends[ACCOUNT][self._running.region]
        return backend

    @property
    def _scheduler(self) -> scheduler.Backend:
        backend: scheduler.Backend = scheduler_backends[ACCOUNT][self._running.region]
        return backend

    @property
    def _ssm(self) -> Any:
        return ssm_backends[ACCOUNT][self._running.region]

    @property
    def _ec2(self) -> Any:
        return ec2_backends[ACCOUNT][self._running.region]
