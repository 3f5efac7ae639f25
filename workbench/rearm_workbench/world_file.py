"""The world file: what the emulated cloud and its instances do during a replay. Strict; every problem is said at once."""

from pathlib import Path

import msgspec

from rearm import config_text, duration
from rearm.config_problems import Problems
from rearm.core.model import CloudName, Result
from rearm.errors import ConfigError

KEYS = ("ready_after", "gone_after", "hook", "duplicates", "expect", "timers_late", "fc", "heartbeat")
HOOK_KEYS = ("heartbeat_timeout", "default_result")
RESULTS: tuple[Result, ...] = ("CONTINUE", "ABANDON", "ROLLBACK")
DUPLICATES_MAX = 50

# The clouds' own defaults: CreateLifecycleHook (Alibaba Cloud) and PutLifecycleHook (AWS).
HOOK_DEFAULTS: dict[CloudName, tuple[int, Result]] = {"aws": (3600, "ABANDON"), "alibaba": (600, "CONTINUE")}


class World(msgspec.Struct, frozen=True):
    """What happens. Times in seconds from the first delivery of the notification."""

    ready_after_s: int | None = 300
    """When the instance becomes ready (launch) or drained (terminate); None: never."""
    gone_after_s: int | None = None
    """When the instance disappears and its lifecycle action with it."""
    heartbeat_timeout_s: int | None = None
    """The hook's; None: the cloud's default."""
    default_result: Result | None = None
    duplicates: int = 1
    """How often the notification is delivered in all: at 0 s, 5 s, 11 min, and every 10 min from then on."""
    expect: Result | None = None
    timers_late_s: int = 0
    """How late every timer comes (EventBridge Scheduler: up to 59 s)."""
    fc: str = "3.0"
    """Which Function Compute runs the functions (Alibaba Cloud): 2.0 with Python 3.10, or 3.0 with Python 3.12."""
    heartbeat_adds: bool = False
    """Whether a heartbeat adds its time to what is left, or sets it (Alibaba Cloud; its pages do not say)."""

    def hook(self, cloud: CloudName) -> tuple[int, Result]:
        """The hook's heartbeat timeout in seconds and its default result."""
        timeout_s, result = HOOK_DEFAULTS[cloud]
        return self.heartbeat_timeout_s or timeout_s, self.default_result or result

    def deliveries_s(self) -> list[int]:
        """When the notification is delivered."""
        return [0, 5, 660, *(660 + 600 * extra for extra in range(1, DUPLICATES_MAX))][: self.duplicates]


def read(path: Path) -> World:
    """The world of a file. Raises ConfigError with all problems, each with the file's name in front."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read ({error.strerror or error})"]) from None
    try:
        raw = config_text.parse(content, yaml=True) if content.strip() else {}
        return judge(raw)
    except ConfigError as error:
        raise ConfigError([f"{path}: {problem}" for problem in error.problems]) from None


def judge(raw: object) -> World:
    """The world that a mapping describes. Raises ConfigError with all problems."""
    problems = Problems()
    known = _given(problems.mapping("", raw, KEYS))
    fields: dict[str, object] = {}
    if "ready_after" in known:
        fields["ready_after_s"] = None if known["ready_after"] == "never" else _seconds(problems, known, "ready_after", "`never`, or ")
    for key, field in (("gone_after", "gone_after_s"), ("timers_late", "timers_late_s")):
        if key in known:
            fields[field] = _seconds(problems, known, key)
    if "hook" in known:
        fields.update(_hook(problems, known["hook"]))
    if "duplicates" in known:
        fields["duplicates"] = _count(problems, known["duplicates"])
    if "expect" in known and problems.word("expect", known["expect"], RESULTS):
        fields["expect"] = known["expect"]
    if "fc" in known and problems.word("fc", str(known["fc"]), ("2.0", "3.0")):
        fields["fc"] = str(known["fc"])
    if "heartbeat" in known and problems.word("heartbeat", known["heartbeat"], ("sets", "adds")):
        fields["heartbeat_adds"] = known["heartbeat"] == "adds"
    if problems.lines:
        raise ConfigError(problems.lines)
    return msgspec.convert(fields, World)


def _hook(problems: Problems, raw: object) -> dict[str, object]:
    known = _given(problems.mapping("hook", raw, HOOK_KEYS))
    fields: dict[str, object] = {}
    if "heartbeat_timeout" in known:
        seconds = _seconds(problems, known, "heartbeat_timeout", within="hook")
        if seconds is not None and not 30 <= seconds <= 21_600:
            problems.wrong("hook.heartbeat_timeout", known["heartbeat_timeout"], "30s to 2h on AWS, 30s to 6h on Alibaba Cloud")
        fields["heartbeat_timeout_s"] = seconds
    if "default_result" in known and problems.word("hook.default_result", known["default_result"], RESULTS):
        fields["default_result"] = known["default_result"]
    return fields


def _given(mapping: dict[str, object] | None) -> dict[str, object]:
    """What is set: a key without a value (`gone_after:`) is not."""
    return {key: value for key, value in (mapping or {}).items() if value is not None}


def _seconds(problems: Problems, known: dict[str, object], key: str, also: str = "", within: str = "") -> int | None:
    try:
        return duration.seconds(known[key])
    except ValueError as error:
        problems.wrong(f"{within}.{key}" if within else key, known[key], f"{also}{error}")
        return None


def _count(problems: Problems, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= DUPLICATES_MAX:
        return value
    problems.wrong("duplicates", value, f"how often the notification is delivered in all, 1 to {DUPLICATES_MAX}")
    return 1
