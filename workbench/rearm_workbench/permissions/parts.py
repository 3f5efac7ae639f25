"""A role's policy in the two parts that the deployment descriptions keep apart.

`waits` is what every wait needs, whatever is configured: it stands in the descriptions and never changes. `checks` is everything that the
configuration decides: which groups may be extended and completed, what its checks and steps call. Each deployment writes its own.
"""

from typing import Literal

from rearm.core.model import CloudName
from rearm.core.profile import Config
from rearm_workbench.permissions import port
from rearm_workbench.permissions.needs import Need, needs
from rearm_workbench.permissions.policy import document, fact
from rearm_workbench.permissions.port import FcApi, Role

Part = Literal["waits", "checks"]
Statements = list[dict[str, object]]


def parts(config: Config, cloud: CloudName, role: Role, fc: FcApi = "3.0") -> dict[Part, Statements]:
    """The statements of both; together they allow what `rearm config permissions` prints. `checks` may be empty."""
    always = [
        Need(call.operation, call.by, call.slots, (), call.platform)
        for call in port.calls(cloud, role, fc, tells=False)
        if not _is_by_group(cloud, Need(call.operation, call.by, call.slots))
    ]
    held = {(need.operation, need.by) for need in always}
    decided = [need for need in needs(config, cloud, role, fc) if (need.operation, need.by) not in held]
    return {"waits": _statements(cloud, always), "checks": _statements(cloud, decided)}


def _is_by_group(cloud: CloudName, need: Need) -> bool:
    """True if the profiles' groups narrow it."""
    return any("{group}" in resource for resource in fact(cloud, need).resources)


def _statements(cloud: CloudName, wanted: list[Need]) -> Statements:
    found = document(cloud, wanted)["Statement"]
    assert isinstance(found, list)
    return found
