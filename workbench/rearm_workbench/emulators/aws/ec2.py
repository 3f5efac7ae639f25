"""EC2 by subclass: instances with a given id, the virtual launch time, and status checks that take their time."""

from typing import Any

from moto.ec2.models import instances

from rearm_workbench.emulators.aws.running import running

RUNNING = 16


class Instance(instances.Instance):
    """moto's instance. `instance_id` among its arguments makes one with exactly that id."""

    def __init__(self, *args: Any, instance_id: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if instance_id:
            self.id = instance_id
        self.launch_time = running().moment().replace(tzinfo=None)

    @property
    def instance_status(self) -> dict[str, Any]:
        return self._checked(super().instance_status)

    @property
    def system_status(self) -> dict[str, Any]:
        return self._checked(super().system_status)

    def _checked(self, passed: dict[str, Any]) -> dict[str, Any]:
        if self.state_code != RUNNING or running().is_ready(self.id):
            return passed
        return {"Details": [{"Name": "reachability", "Status": "initializing"}], "Status": "initializing"}
