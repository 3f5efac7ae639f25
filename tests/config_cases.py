"""Configurations, wrong and right: what is written, the one line that has to be said, and whether the JSON Schema can know."""

from typing import Any


def profile(**keys: Any) -> dict[str, Any]:
    return {"name": "web", "checks": ["instance_status"]} | keys


def one(**keys: Any) -> dict[str, Any]:
    """A configuration with one profile."""
    return {"version": 1, "profiles": [profile(**keys)]}


def check(**kind: Any) -> dict[str, Any]:
    return one(checks=[kind])


def two(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "profiles": [profile(name="a", match=first), profile(name="b", match=second)]}


def drain(*, budget: str | None = None, **settings: Any) -> dict[str, Any]:
    """A profile that drains nodes."""
    budgets = {} if budget is None else {"budget": budget}
    return one(match={"transition": "terminate"}, steps=[{"kubernetes_drain": {"cluster": "shop"} | settings}], **budgets)


P, M, C = "profiles[0]", "profiles[0].match", "profiles[0].checks[0]"
TAG = {"tag": {"key": "x"}}
SHAPE = True
"""The JSON Schema refuses it too."""
SENSE = False
"""Only `judge` knows."""

WRONG: list[tuple[Any, str, bool]] = [
    (None, "the file: nothing given: must be a mapping with the keys version, profiles", SHAPE),
    ([], "the file: an empty list: must be a mapping", SHAPE),
    ({"profiles": [profile()]}, "version: missing; write `version: 1`", SHAPE),
    ({"version": 2, "profiles": [profile()]}, "version: `2`: must be 1", SHAPE),
    ({"version": "1", "profiles": [profile()]}, "version: `1`: must be 1", SHAPE),
    ({"version": True, "profiles": [profile()]}, "version: `true`: must be 1", SHAPE),
    ({"version": 1}, "profiles: missing", SHAPE),
    ({"version": 1, "profiles": []}, "profiles: an empty list", SHAPE),
    ({"version": 1, "profiles": {}}, "profiles: an empty mapping: must be a list of profiles", SHAPE),
    ({"version": 1, "profiles": ["web"]}, "profiles[0]: `web`: must be a mapping", SHAPE),
    (one() | {"profile": 1}, "profile: unknown key; did you mean `profiles`?", SHAPE),
    (one(cheks=[]), f"{P}.cheks: unknown key; did you mean `checks`?", SHAPE),
    (one(frobnicate=1), f"{P}.frobnicate: unknown key; allowed: name, match, steps, checks", SHAPE),
    (one(**{"a\nb": 1}), f"{P}.a\\nb: unknown key", SHAPE),
    ({"version": 1, "profiles": [{"checks": ["instance_status"]}]}, f"{P}.name: missing", SHAPE),
    (one(name=""), f"{P}.name: ``: must be a text of 1 to 64", SHAPE),
    (one(name=7), f"{P}.name: `7`: must be a text of 1 to 64 characters on one line; put it in quotes", SHAPE),
    (one(name="x" * 65), f"{P}.name: `xxx", SHAPE),
    (
        {"version": 1, "profiles": [profile(match={"group": "a"}), profile(match={"group": "b"})]},
        "profiles[1].name: `web` is taken by",
        SENSE,
    ),
    ({"version": 1, "profiles": [{"name": "web"}]}, f"{P}.checks: missing", SHAPE),
    # durations
    (one(every="soon"), f"{P}.every: `soon`: must be a duration like", SHAPE),
    (one(every="5s"), f"{P}.every: `5s`: must be from 10s to 1h", SENSE),
    (one(every=9), f"{P}.every: `9`: must be from 10s to 1h", SHAPE),
    (one(every="61m"), f"{P}.every: `61m`: must be from 10s to 1h", SENSE),
    (one(linger="often"), f"{P}.linger: `often`: must be a duration like", SHAPE),
    (one(linger=0), f"{P}.linger: `0`: must be a duration", SHAPE),
    (one(linger=0.5), f"{P}.linger: `0.5`: must be a duration", SHAPE),
    (one(linger=None), f"{P}.linger: nothing given", SHAPE),
    (one(linger="1m"), f"{P}.linger: `1m`: must be less than `every` (1m): it asks between two looks", SENSE),
    (one(linger="11m", every="10m"), f"{P}.linger: `11m`: must be less than `every` (10m)", SENSE),
    (one(linger=90, every="soon"), f"{P}.every: `soon`: must be", SHAPE),
    (one(budget=0), f"{P}.budget: `0`: must be a duration", SHAPE),
    (one(budget=-5), f"{P}.budget: `-5`: must be a duration", SHAPE),
    (one(budget=90.5), f"{P}.budget: `90.5`: must be a duration", SHAPE),
    (one(budget=True), f"{P}.budget: `true`: must be a duration", SHAPE),
    (one(budget="0s"), f"{P}.budget: `0s`: must be a duration", SENSE),
    (one(budget="10 minutes"), f"{P}.budget: `10 minutes`: must be a duration", SHAPE),
    (one(budget="30s"), f"{P}.budget: `30s`: must be at least as long as `every` (1m)", SENSE),
    (one(budget="49h"), f"{P}.budget: `49h`: must be at most 2d, which is what AWS allows", SENSE),
    (one(budget="7h", match={"cloud": "alibaba"}), f"{P}.budget: `7h`: must be at most 6h, which is what Alibaba Cloud allows", SENSE),
    # answers
    (one(on_failure="continue"), f"{P}.on_failure: `continue`: must be CONTINUE or ABANDON; did you mean `CONTINUE`?", SHAPE),
    (one(on_timeout="ROLLBACK"), f"{P}.on_timeout: `ROLLBACK`: must be CONTINUE or ABANDON; AWS knows no ROLLBACK", SENSE),
    (one(on_timeout="ROLLBACK", match={"cloud": "aws"}), f"{P}.on_timeout: `ROLLBACK`", SENSE),
    (one(on_timeout="x", match={"cloud": "alibaba"}), f"{P}.on_timeout: `x`: must be CONTINUE, ABANDON or ROLLBACK", SHAPE),
    # match
    (one(match=None), f"{M}: nothing given: leave the key out or give it a value", SHAPE),
    (
        {"version": 1, "profiles": [profile(name="a", match=None), profile(name="b")]},
        f"{M}: nothing given: leave the key out or give it a value",
        SHAPE,
    ),
    (one(match={"group": None}), f"{M}.group: nothing given: leave the key out or give it a value", SHAPE),
    (one(match={"clod": "aws"}), f"{M}.clod: unknown key; did you mean `cloud`?", SHAPE),
    (one(match={"cloud": "azure"}), f"{M}.cloud: `azure`: must be aws or alibaba", SHAPE),
    (
        one(match={"transition": ["launch", "lunch"]}),
        f"{M}.transition[1]: `lunch`: must be launch or terminate; did you mean `launch`?",
        SHAPE,
    ),
    (one(match={"origin": "ec2"}), f"{M}.origin: `ec2`: must be EC2, AutoScalingGroup, WarmPool or -; did you mean `EC2`?", SHAPE),
    (one(match={"action": "Reboot"}), f"{M}.action: `Reboot`: must be ReplaceRootVolume or -", SHAPE),
    (one(match={"group": []}), f"{M}.group: an empty list matches nothing", SHAPE),
    (one(match={"group": 12}), f"{M}.group: `12`: must be a text or a list of texts; put it in quotes", SHAPE),
    (one(match={"group": ["a", None]}), f"{M}.group[1]: nothing given: must be a text", SHAPE),
    (one(match={"group": ""}), f"{M}.group: an empty text matches nothing", SHAPE),
    (one(match={"hook": "[z-a]"}), f"{M}.hook: `[z-a]`: this pattern can match nothing", SENSE),
    (one(match={"hook": "-"}), f"{M}.hook: `-`: every action has a hook", SENSE),
    (one(match={"cloud": "alibaba", "destination": "WarmPool"}), f"{M}.destination: `WarmPool`: only AWS tells the destination", SENSE),
    (
        one(match={"transition": "launch", "destination": "EC2"}),
        f"{M}.destination: `EC2`: an instance that launches never goes there",
        SENSE,
    ),
    (one(match={"transition": "terminate", "origin": "EC2"}), f"{M}.origin: `EC2`: an instance that terminates never comes from", SENSE),
    # never reached
    (two({}, {"group": "a"}), "profiles[1]: never used: `a` before it takes everything", SENSE),
    (two({"group": "web-*"}, {"group": ["web-1", "web-eu-*"]}), "profiles[1]: never used", SENSE),
    (two({"cloud": "alibaba", "action": "-"}, {"cloud": "alibaba", "hook": "x"}), "profiles[1]: never used", SENSE),
    (
        {
            "version": 1,
            "profiles": [
                profile(name=name, match=match) for name, match in (("a", {"cloud": "aws"}), ("b", {"cloud": "alibaba"}), ("c", {}))
            ],
        },
        "profiles[2]: never used: `a` and `b` before it takes everything",
        SENSE,
    ),
]

RIGHT: list[Any] = [
    one(),
    one(checks=[]),
    one(checks=[{"instance_status": None}, {"instance_status": {"limit": "60s"}}]),
    one(every=10, budget="2d"),
    one(every="10m", linger="10s"),
    one(linger=1),
    one(linger="59s"),
    one(match={"cloud": "alibaba", "origin": "-"}, on_timeout="ROLLBACK", budget="5h 50m"),
    one(match={"origin": ["EC2", "-"], "group": ["web-*", "-"], "metadata": "*role=web*"}),
    check(http={"host": "fd00::12", "scheme": "https", "verify": False, "status": [200, 503], "headers": {"Host": "a b"}}),
    check(tcp={"port": 65535, "host": "db-1.internal"}),
    check(http={"port": 80, "method": "POST", "body": "{}", "body_matches": "^ok", "json": "$['a b'][0]", "equals": False, "redirects": 3}),
    check(tls={"port": 443, "valid_for": 60, "verify": False, "server_name": "shop.example", "address_tag": "ingress"}),
    check(tag={"key": "x", "value": ""}),
    check(tag={"key": "x", "after": "2m", "for": "3 looks", "fail_after": "1h", "required": False}),
    one(budget="10m", checks=[{"tcp": {"port": 1, "after": "5m", "for": 299, "fail_after": "599s"}}]),
    drain(budget="20m", force_after="1199s"),
    drain(force_after="47h"),
    one(checks=[{"python": "a.b:c"}], steps=[{"python": {"function": "a.b:c", "with": {"x": None}}}]),
    check(n_of={"n": 2, "of": [{"tcp": {"port": 1}}, {"tcp": {"port": 2, "for": 90}}, {"not": {"tag": {"key": "x"}}}]}),
    one(instances=2, checks=[], steps=[TAG, {"tag": {"key": "y", "limit": "20s", "required": False}}]),
    one(instances="any", stages=[{"name": "force", "after": "20m", "steps": [TAG]}, {"name": "harder", "after": "40m", "steps": [TAG]}]),
    two({"group": "web-*"}, {"group": "*"}),
    two({"group": "*"}, {"group": "-"}),
    two({"group": "web-?"}, {"group": "web-*"}),
    two({"group": "[ab]*"}, {"group": "[a-c]*"}),
    two({"origin": "EC2"}, {}),
    two({"transition": "launch"}, {"cloud": "aws"}),
    two({"group": "a", "hook": "b"}, {"group": "a"}),
]
