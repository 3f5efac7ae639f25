"""`command`: a script ends on the instance with the right exit code.

It is started once, through Systems Manager (AWS) or Cloud Assistant (Alibaba Cloud), and its result is asked for at later looks. Pages:
`aws.command`, `alibaba.command`.
"""

import hashlib
import re
from typing import Annotated, Literal, NamedTuple, Protocol

import msgspec

from rearm import duration
from rearm.checks.asking import existence
from rearm.checks.question import Question
from rearm.checks.settings import pattern
from rearm.core import grid
from rearm.core.model import CheckResult
from rearm.errors import RearmError

CALLS = {
    "aws": ("ssm:SendCommand", "ssm:ListCommands", "ssm:GetCommandInvocation", *existence.CALLS["aws"]),
    "alibaba": ("ecs:RunCommand", "ecs:DescribeInvocationResults", "ecs:DescribeCloudAssistantStatus", *existence.CALLS["alibaba"]),
}
SECRET = ("run",)
"""Never quoted: a script may hold a password."""

SHORTEST_S, LONGEST_S = 10, 86_400
LONGEST_SCRIPT = 12_000
"""Cloud Assistant takes 24 KB of Base64."""
OUTPUT_READ = 24_000
"""Characters of the output that are looked at: what GetCommandInvocation gives."""

Line = Annotated[str, msgspec.Meta(max_length=LONGEST_SCRIPT, description="a text")]
Lines = Annotated[tuple[Line, ...], msgspec.Meta(min_length=1, description="a list of lines")]
Script = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_SCRIPT, description="a script of at most 12000 characters")]
Seconds = Annotated[int, msgspec.Meta(ge=SHORTEST_S, le=LONGEST_S, description="a whole number of seconds from 10 to 86400")]
Duration = Annotated[str, msgspec.Meta(pattern=duration.PATTERN, description="a duration from 10s to 1d")]
ExitCode = Annotated[int, msgspec.Meta(ge=0, le=255, description="an exit code from 0 to 255")]
Codes = Annotated[tuple[ExitCode, ...], msgspec.Meta(description="a list of exit codes from 0 to 255")]
OneOrMore = Annotated[tuple[ExitCode, ...], msgspec.Meta(min_length=1, description="a list of exit codes from 0 to 255")]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`waiting_on`: with these, and with an output that does not match, the script is started anew at a later look."""

    run: Script | Lines
    shell: Literal["sh", "powershell"] = "sh"
    timeout: Seconds | Duration = 3600
    passed_on: OneOrMore = (0,)
    waiting_on: Codes = ()
    output: pattern.Pattern | None = None


class Order(NamedTuple):
    """`name`: the same for the same attempt of the same check in the same wait, whoever asks; at most 100 characters."""

    name: str
    shell: Literal["sh", "powershell"]
    script: str
    timeout_s: int


class Seen(NamedTuple):
    """What the cloud says of a started script. `late`: cut off at its timeout; `lost`: it never ran, or was stopped."""

    state: Literal["running", "ended", "late", "lost", "impossible"]
    told: str
    """The cloud's own word for it."""
    code: int = 0
    output: str = ""


class OnCloud(Protocol):
    """`aws.command` and `alibaba.command`. Both raise RearmError."""

    def start(self, order: Order, question: Question) -> str | CheckResult:
        """Its id, if it was started, now or before, under this name; else why it cannot be yet."""

    def seen(self, run: str, question: Question) -> Seen: ...


def problems(settings: Settings, clouds: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is wrong with settings whose types are right: (key, text)."""
    found = []
    if len(script(settings).encode()) > LONGEST_SCRIPT:
        found.append(("run", f"has {len(script(settings).encode())} bytes, may have {LONGEST_SCRIPT}"))
    if not script(settings).strip():
        found.append(("run", "holds no command"))
    if isinstance(settings.timeout, str) and not SHORTEST_S <= _seconds(settings.timeout) <= LONGEST_S:
        found.append(("timeout", f"`{settings.timeout}`: must be a duration from 10s to 1d"))
    both = sorted(set(settings.passed_on) & set(settings.waiting_on))
    if both:
        found.append(("waiting_on", f"{', '.join(map(str, both))}: also in `passed_on`; an exit code means one thing"))
    if settings.output is not None and (why := pattern.problem(settings.output)):
        found.append(("output", f"`{settings.output}`: {why}"))
    return found


def label(settings: Settings) -> str:
    """The program's name, and something of all settings: two scripts of one profile share no memory."""
    first = next(iter(script(settings).split()), "")
    program = f" {first}" if re.fullmatch(r"[\w./-]{1,40}", first) else ""
    return f"command{program} ({hashlib.sha256(msgspec.json.encode(settings)).hexdigest()[:6]})"


def script(settings: Settings) -> str:
    """One text, whatever way it was written."""
    return settings.run if isinstance(settings.run, str) else "\n".join(settings.run)


def ask(settings: Settings, question: Question) -> CheckResult:
    """Starts the script if it was not, else asks how it is."""
    return ask_for(label(settings), settings, question)


def ask_for(owner: str, settings: Settings, question: Question) -> CheckResult:
    """As `ask`. The same script is started once for each `owner`, a name that is the same in every look."""
    try:
        found = _started_or_seen(owner, settings, question)
    except RearmError as error:
        # Of an instance that is gone, the clouds answer with many an error.
        found = CheckResult("waiting", str(error), error=True)
    return existence.or_gone(question, found) if found.status == "waiting" and not found.remember else found


def _started_or_seen(owner: str, settings: Settings, question: Question) -> CheckResult:
    key = f"{owner}:{question.instance}"
    attempt, _, run = question.known.get(key, "1").partition(" ")
    cloud = _on_cloud(question)
    if not run:
        name = _name(owner, question, attempt)
        started = cloud.start(Order(name, settings.shell, script(settings), _seconds(settings.timeout)), question)
        return started if isinstance(started, CheckResult) else CheckResult("waiting", "started", {key: f"{attempt} {started}"})
    found = cloud.seen(run, question)
    if found.state == "running":
        return CheckResult("waiting", f"running ({found.told})")
    result = _judged(settings, found, question)
    if result.status != "waiting":
        return result
    return CheckResult("waiting", f"{result.reason}; to be started anew", {key: str(int(attempt) + 1)})


def _judged(settings: Settings, found: Seen, question: Question) -> CheckResult:
    """A script that runs no more. `waiting`: it is to be started anew."""
    if found.state == "late":
        return CheckResult("failed", f"cut off after {duration.say(_seconds(settings.timeout))}, its timeout ({found.told})")
    if found.state == "impossible":
        return CheckResult("failed", f"cannot run on this instance ({found.told})")
    if found.state == "lost":
        return CheckResult("waiting", f"it did not run to its end ({found.told})")
    wants = ", ".join(map(str, settings.passed_on))
    if found.code in settings.waiting_on:
        return CheckResult("waiting", f"exit code {found.code}, wants {wants}")
    if found.code not in settings.passed_on:
        return CheckResult("failed", f"exit code {found.code}, wants {wants}")
    if settings.output is None:
        return CheckResult("passed", f"exit code {found.code}")
    try:
        fits = pattern.matches(settings.output, found.output[:OUTPUT_READ], question.limit_s)
    except TimeoutError:
        return CheckResult("waiting", f"exit code {found.code}, but `output` could not be tried within {question.limit_s:g} s")
    # The output itself is never told: nobody knows what a script prints.
    return CheckResult("passed" if fits else "waiting", f"exit code {found.code}, the output {'matches' if fits else 'does not match'}")


def _on_cloud(question: Question) -> OnCloud:
    if question.cloud.name == "aws":
        from rearm.checks.aws import command as on_aws

        return on_aws
    from rearm.checks.alibaba import command as on_alibaba

    return on_alibaba


def _name(owner: str, question: Question, attempt: str) -> str:
    """The same for the same attempt of the same check or step in the same wait, whoever asks; at most 100 characters."""
    action = question.action
    # On AWS the identity is that of every wait of the instance in this hook (warm pools); the token tells them apart.
    parts = (grid.identity(action), action.token, question.instance, owner)
    return f"rearm {hashlib.sha256(chr(0).join(parts).encode(errors='replace')).hexdigest()[:32]} {attempt}"


def _seconds(value: int | str) -> int:
    try:
        return duration.seconds(value)
    except ValueError:
        return 0
