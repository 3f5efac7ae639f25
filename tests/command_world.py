"""An emulated cloud with one instance on which `command` is asked, look by look."""

from typing import Any

from check_clouds import I, instance
from rearm import checks
from rearm.checks.question import Question
from rearm.core.model import Action, CheckResult
from rearm_workbench.emulators.scripts import Ending
from rearm_workbench.virtual_clock import VirtualClock

SCRIPT = "/opt/ready.sh --quick"
RUN = {"run": SCRIPT}


class Place:
    """An emulated cloud with one instance, and a wait's memory."""

    def __init__(self, cloud: Any, clock: VirtualClock, transition: Any = "launch") -> None:
        self.cloud, self.clock, self.transition = cloud, clock, transition
        self.on_aws = hasattr(cloud.emulator, "client")
        self.known: dict[str, str] = {}
        instance(cloud, transition=transition)

    def look(self, settings: Any = RUN, token: str = "t", known: dict[str, str] | None = None) -> CheckResult:
        """A look's question, a minute after the one before; what it remembers is known to the next."""
        port = self.cloud._port()
        action = Action(port.name, "hook", token, (I,), "group", self.transition)
        known = self.known if known is None else known
        result = checks.ask("command")(settings, Question(I, action, port, known, 5.0))
        known.update(result.remember)
        self.clock.run_until(self.clock.now() + 60)
        return result

    def ends(self, ending: Ending, script: str = SCRIPT) -> None:
        self.cloud.emulator.scripts.endings[I, script] = ending

    @property
    def started(self) -> int:
        """How many scripts were started."""
        if self.on_aws:
            return len(self.cloud.client("ssm").list_commands()["Commands"])
        return len(self.cloud.emulator.assistant._runs)


def told(result: CheckResult) -> tuple[str, str]:
    return result.status, result.reason
