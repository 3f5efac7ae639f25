"""http beyond the status: bodies that are sent, and what is asked of those that come."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from check_world import AWS, HERE, ask, served, status, status_with
from rearm.checks.network import http_body
from rearm.checks.settings import pattern
from rearm.core.model import CheckResult
from rearm_workbench.sample_text import sample


def asked(body: bytes, **settings: object) -> CheckResult:
    with served(status_with(body)) as (port, _):
        return ask("http", HERE | {"port": port} | settings, AWS)


PASSED = CheckResult("passed", "200")


def but(text: str) -> CheckResult:
    return CheckResult("waiting", f"200, but {text}")


# requests with a body


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_body_is_sent(method: str) -> None:
    with served(status(200)) as (port, requests):
        settings = {"port": port, "method": method, "body": '{"ä": 1}', "headers": {"Content-Type": "application/json"}}
        assert ask("http", HERE | settings, AWS) == PASSED
    head, _, body = requests[0].partition(b"\r\n\r\n")
    assert head.startswith(f"{method} / HTTP/1.1\r\n".encode())
    assert b"Content-Length: 9\r\n" in head
    assert body == '{"ä": 1}'.encode()


# the answer's body


@pytest.mark.parametrize(
    ("body", "expression", "result"),
    [
        (b"all is ready", "ready", PASSED),
        (b"db: up\nqueue: 17", r"(?m)^queue: \d+$", PASSED),
        (b"starting", "ready", but("the body does not match")),
        (b"starting", "^ready$", but("the body does not match")),
        (b"", "^$", PASSED),
        (b"\xff\xfe ready", "ready$", PASSED),
        (b"x" * http_body.READ_MAX + b"ready", "ready", but("the body does not match")),
        (b"x" * (http_body.READ_MAX - 5) + b"ready", "ready$", PASSED),
    ],
)
def test_the_body_is_matched_up_to_a_limit(body: bytes, expression: str, result: CheckResult) -> None:
    assert asked(body, body_matches=expression) == result


def test_a_catastrophic_pattern_is_ended_by_the_limit_and_holds_nobody_up() -> None:
    """`re` would take hours for it, and keep every other thread from running meanwhile."""
    began = time.monotonic()
    with served(status_with(b"a" * 5000 + b"!")) as (port, _):
        found = ask("http", HERE | {"port": port, "body_matches": "(a+)+$"}, AWS, limit_s=0.3)
    assert found == but("the pattern `body_matches` took too long on this body")
    assert time.monotonic() - began < 2


DOCUMENT = b'{"checks": {"db": "ok", "n": 1, "yes": true, "no": null, "a.b": [{"state": "up"}]}, "list": [1.5]}'


@pytest.mark.parametrize(
    ("path", "equals", "result"),
    [
        ("$.checks.db", "ok", PASSED),
        ("checks.db", "ok", PASSED),
        ("checks.db", None, PASSED),
        ("checks['a.b'][0].state", "up", PASSED),
        ('$["list"][0]', 1.5, PASSED),
        ("checks.n", 1, PASSED),
        ("checks.n", 1.0, PASSED),
        ("checks.n", True, but("checks.n is `1`, wants `true`")),
        ("checks.yes", 1, but("checks.yes is `true`, wants `1`")),
        ("checks.n", "1", but("checks.n is `1`, wants `1`")),
        ("checks.db", "down", but("checks.db is `ok`, wants `down`")),
        ("checks.no", None, but("checks.no is null")),
        ("checks.no", False, but("checks.no is `null`, wants `false`")),
        ("checks.none", "ok", but("checks.none is not there")),
        ("list[1]", 1, but("list[1] is not there")),
        ("list.db", 1, but("list.db is not there")),
        ("checks[0]", 1, but("checks[0] is not there")),
        ("checks.db[0]", "o", but("checks.db[0] is not there")),
    ],
)
def test_a_place_in_a_json_document(path: str, equals: object, result: CheckResult) -> None:
    assert asked(DOCUMENT, json=path, **({} if equals is None else {"equals": equals})) == result


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "the body is not JSON"),
        (b"<html>", "the body is not JSON"),
        (b'{"a": NaN}', "the body is not JSON"),
        (b"\xff", "the body is not JSON"),
        (b"[" * 60_000, "the body is not JSON"),
        (b'"ok"', "a is not there"),
        (b'{"a": "' + b"x" * http_body.READ_MAX + b'"}', "the body is longer than 64 KiB"),
    ],
)
def test_a_nonsense_body_is_waiting(body: bytes, text: str) -> None:
    assert asked(body, json="a", equals="ok") == but(text)


def test_a_body_that_breaks_off_is_waiting() -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nready"
    with served(cut) as (port, _):
        found = ask("http", HERE | {"port": port, "body_matches": "ready"}, AWS)
    assert found == CheckResult("waiting", "the connection broke: the answer broke off")


def test_the_body_of_a_wrong_status_is_not_looked_at() -> None:
    with served(status_with(b"ready", 503)) as (port, _):
        assert ask("http", HERE | {"port": port, "body_matches": "ready"}, AWS) == CheckResult("waiting", "503, wants 200-299")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20), st.text(max_size=50))
def test_a_pattern_without_special_characters_is_a_text(expression: str, text: str) -> None:
    if not set(expression) & set("\\.^$*+?{}[]|()") and text.isprintable():
        assert pattern.matches(expression, text, 1) is (re.search(expression, text) is not None)


@pytest.mark.parametrize("expression", ["ok", "a|b", r"^\d{3}-[^x]+\s?$", "(?i)(up)(down){2}", r"[\w.]+@\S*", "[^a0 A_./:-]", "x{3,}?"])
def test_a_sample_is_matched_by_its_pattern(expression: str) -> None:
    text = sample(expression)
    assert text is not None
    assert re.search(expression, text)


@pytest.mark.parametrize("expression", ["a(?!b)", r"(a)\1", "(?<=x)a", "x{2000}"])
def test_no_sample_for_what_cannot_be_made_up(expression: str) -> None:
    assert sample(expression) is None
