"""notify in a configuration: what is right, what is wrong, what is shown of it."""

from typing import Any

import jsonschema
import pytest

from rearm import config
from rearm.steps import notify
from rearm_workbench.config_schema import schema
from test_step_notify import DOCS, TOPIC


def judged(clouds: str | None = None, **settings: Any) -> tuple[list[str], bool]:
    """What is wrong, and whether the schema takes it."""
    match = {"match": {"cloud": clouds}} if clouds else {}
    raw = {"version": 1, "profiles": [{"name": "p", **match, "checks": ["instance_status"], "steps": [{"notify": settings}]}]}
    path = "profiles[0].steps[0].notify"
    problems = [line.removeprefix(path) for line in config.judge(raw)[1]]
    return problems, jsonschema.Draft202012Validator(schema()).is_valid(raw)


HOOK = "https://hooks.example"
RIGHT: list[tuple[str | None, dict[str, Any]]] = [
    ("aws", {"topic": TOPIC, "text": "x", "limit": "5s", "required": False}),
    ("aws", {"topic": "arn:aws-cn:sns:cn-north-1:123456789012:a.fifo"}),
    ("aws", {"bus": "default"}),
    ("alibaba", {"smq_topic": "drains-1"}),
    (None, {"webhook": HOOK}),
    (None, {"webhook": f"{HOOK}:8443/a?b=c", "secret_env": "HOOK_SECRET"}),
    (None, {"webhook": "https://[2001:db8::1]:8443/"}),
]
WRONG: list[tuple[str | None, dict[str, Any], str, bool]] = [
    (None, {}, ": has no target: give `topic`, `bus`, `smq_topic` or `webhook`", False),
    (None, {"text": "x"}, ": has no target: give", False),
    ("aws", {"topic": None}, ".topic: nothing given: leave the key out or give it a value", False),
    (None, {"webhook": HOOK, "url": "x"}, ".url: unknown key", False),
    ("aws", {"topic": TOPIC, "bus": "ops"}, ": has 2 targets (topic, bus); give one of them", True),
    ("alibaba", {"topic": TOPIC}, ".topic: is for AWS only; give the profile `match: {cloud: aws}`", True),
    (None, {"bus": "ops"}, ".bus: is for AWS only", True),
    (None, {"smq_topic": "drains"}, ".smq_topic: is for Alibaba Cloud only; give the profile `match: {cloud: alibaba}`", True),
    ("aws", {"topic": "drains"}, ".topic: `drains`: must be a text: the ARN of an SNS topic", False),
    ("aws", {"topic": TOPIC + "\n"}, ".topic: ", False),
    ("aws", {"topic": "arn:aws:sqs:us-east-1:123456789012:drains"}, ".topic: `arn:aws:sqs:", False),
    ("aws", {"bus": "a b"}, ".bus: `a b`: must be a text: the name or the ARN", False),
    ("alibaba", {"smq_topic": "acs:mns:x"}, ".smq_topic: `acs:mns:x`: must be a text: the name of an SMQ", False),
    ("aws", {"topic": TOPIC, "secret_env": "X"}, ".secret_env: has no use without `webhook`", True),
    (None, {"webhook": HOOK, "secret_env": "A B"}, ".secret_env: `A B`: must be a text: the name of an environment variable", False),
    (None, {"webhook": HOOK, "text": "x" * 1001}, ".text: `xxx", False),
    (None, {"webhook": HOOK, "text": True}, ".text: `true`: must be a text of at most 1000 characters; put it in quotes", False),
    (None, {"webhook": HOOK, "limit": "2m"}, ".limit: `2m`: must be at most 1m", True),
    *[
        (None, {"webhook": place}, ".webhook: must be a text that begins with https://", False)
        for place in (
            "http://s3cret.example",
            "https://s3cret@a.example",
            "https://a.example/s3cret#b",
            "https://a.example/s3cret d",
            "https://",
        )
    ],
    (None, {"webhook": "https://169.254.169.254/s3cret"}, ".webhook: `169.254.169.254`: an address for instance metadata", True),
    (None, {"webhook": "https://[::ffff:100.100.100.200]/"}, ".webhook: `::ffff:100.100.100.200`: an address for", True),
    (None, {"webhook": "https://a.example:99999/s3cret"}, ".webhook: its host or its port cannot be read", True),
    (None, {"webhook": "https://a!b/s3cret"}, ".webhook: its host or its port cannot be read", True),
]


@pytest.mark.parametrize(("cloud", "settings"), RIGHT)
def test_what_is_right(cloud: str | None, settings: dict[str, Any]) -> None:
    assert judged(cloud, **settings) == ([], True)


@pytest.mark.parametrize(("cloud", "settings", "line", "in_schema"), WRONG)
def test_what_is_wrong_is_one_line(cloud: str | None, settings: dict[str, Any], line: str, in_schema: bool) -> None:
    problems, valid = judged(cloud, **settings)
    assert [problem for problem in problems if problem.startswith(line)] == problems
    assert len(problems) == 1
    assert "s3cret" not in problems[0]
    assert valid is in_schema


def test_the_page_tells_every_setting_and_every_permission() -> None:
    assert all(f"| `{name}` |" in DOCS for name in notify.Settings.__struct_fields__)
    assert all(f"`{call}`" in DOCS for calls in notify.CALLS.values() for call in calls)
    for name in notify.TARGET:
        settings = notify.Settings(**{name: "https://x"})
        needed = [call for cloud in ("aws", "alibaba") for call in notify.calls(settings, cloud)]
        assert needed == ([] if name == "webhook" else [notify.CALL_OF[name]])


def test_labels_tell_no_secret() -> None:
    settings = [
        {"topic": TOPIC},
        {"bus": "arn:aws:events:us-east-1:123456789012:event-bus/ops"},
        {"smq_topic": "a"},
        {"webhook": f"{HOOK}/s3cret?a"},
    ]
    labels = [notify.label(notify.Settings(**one)) for one in settings]
    assert labels == ["notify drains", "notify ops", "notify a", "notify hooks.example"]
