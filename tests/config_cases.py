"""Configurations, wrong and right: what is written, the one line that has to be said, and whether the JSON Schema can know."""

from typing import Any

from rearm.checks import TABLE
from rearm.config_problems import either


def profile(**keys: Any) -> dict[str, Any]:
    return {"name": "web", "checks": ["instance_status"]} | keys


def one(**keys: Any) -> dict[str, Any]:
    """A configuration with one profile."""
    return {"version": 1, "profiles": [profile(**keys)]}


def check(**kind: Any) -> dict[str, Any]:
    return one(checks=[kind])


def two(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "profiles": [profile(name="a", match=first), profile(name="b", match=second)]}


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
    (one(match=None), f"{M}: nothing given: must be a mapping", SHAPE),
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
    # checks
    (one(checks="instance_status"), f"{P}.checks: `instance_status`: must be a list of checks", SHAPE),
    (one(checks=[None]), f"{C}: nothing given: must be a mapping with the keys http", SHAPE),
    (one(checks=[{}]), f"{C}: empty: name a check: http, tcp", SHAPE),
    (
        one(checks=["instance-status"]),
        f"{C}: `instance-status`: must be {either(tuple(TABLE))}; did you mean `instance_status`?",
        SHAPE,
    ),
    (check(htttp={"port": 1}), f"{C}.htttp: unknown check; did you mean `http`?", SHAPE),
    (check(tcp={"port": 22}, tag={"key": "x"}), f"{C}: has more than one check", SHAPE),
    (check(http={}), f"{C}.http: has no target: give `port` or `host`", SHAPE),
    (one(checks=["http"]), f"{C}.http: has no target", SHAPE),
    (check(http=None), f"{C}.http: has no target", SHAPE),
    (check(http={"port": 0}), f"{C}.http.port: `0`: must be a port", SHAPE),
    (check(http={"port": "80"}), f"{C}.http.port: `80`: must be a port", SHAPE),
    (check(http={"port": True}), f"{C}.http.port: `true`: must be a port", SHAPE),
    (check(http={"port": 80, "paht": "/"}), f"{C}.http.paht: unknown key; did you mean `path`?", SHAPE),
    (check(http={"port": 80, "path": "x"}), f"{C}.http.path: `x`: must be a text that begins with /", SHAPE),
    (check(http={"port": 80, "path": "/a\n"}), f"{C}.http.path: `/a\\n`: must be", SHAPE),
    (check(http={"port": 80, "status": 99}), f"{C}.http.status: `99`: must be a status from 100 to 599", SHAPE),
    (check(http={"port": 80, "status": []}), f"{C}.http.status: an empty list: must be", SHAPE),
    (check(http={"port": 80, "method": "DELETE"}), f"{C}.http.method: `DELETE`: must be GET, HEAD, POST or PUT", SHAPE),
    (check(http={"port": 80, "body": "x"}), f"{C}.http.body: has no use with `method: GET`; write POST or PUT", SENSE),
    (check(http={"port": 80, "method": "PUT", "body": 1}), f"{C}.http.body: must be a text of at most 4096", SHAPE),
    (check(http={"port": 80, "method": "HEAD", "body_matches": "x"}), f"{C}.http.body_matches: the answer to HEAD has no body", SENSE),
    (check(http={"port": 80, "body_matches": "(a"}), f"{C}.http.body_matches: no regular expression: missing )", SENSE),
    (check(http={"port": 80, "equals": "ok"}), f"{C}.http.equals: has no use without `json`", SENSE),
    (check(http={"port": 80, "json": "$.a", "equals": [1]}), f"{C}.http.equals: a list: must be a text, a number, true or false", SHAPE),
    (check(http={"port": 80, "json": "$.a..b"}), f"{C}.http.json: `$.a..b`: no path; write it like $.checks.db", SENSE),
    (check(http={"port": 80, "redirects": 11}), f"{C}.http.redirects: `11`: must be how many redirects to follow", SHAPE),
    (check(http={"port": 80, "server_name": "a.b"}), f"{C}.http.server_name: has no use without `scheme: https`", SENSE),
    (check(http={"port": 80, "address_tag": "a", "address": "ipv6"}), f"{C}.http.address_tag: has no use beside `address`", SENSE),
    (check(tls={"port": 443, "address_tag": "a", "host": "b"}), f"{C}.tls.address_tag: has no use beside `host`", SENSE),
    (check(tls={"port": 443, "valid_for": "2 weeks"}), f"{C}.tls.valid_for: `2 weeks`: must be a duration like", SHAPE),
    (check(tls={"port": 443, "valid_for": "0d"}), f"{C}.tls.valid_for: `0d`: must be a duration like", SENSE),
    (check(tls={"host": "a.b"}), f"{C}.tls.port: missing; must be a port", SHAPE),
    (check(http={"port": 80, "scheme": "ftp"}), f"{C}.http.scheme: `ftp`: must be http or https", SHAPE),
    (check(http={"port": 80, "verify": False}), f"{C}.http.verify: has no use without", SENSE),
    (check(http={"port": 80, "headers": {"A": "x\ny"}}), f"{C}.http.headers: must be a mapping", SHAPE),
    (check(http={"port": 80, "headers": {"A b": "x"}}), f"{C}.http.headers: must be a mapping", SHAPE),
    (check(http={"host": "http://x"}), f"{C}.http.host: `http://x`: must be a text: a host name", SHAPE),
    (check(http={"host": "x:80"}), f"{C}.http.host: `x:80`: must be a text: a host name", SHAPE),
    (check(http={"host": "169.254.169.254"}), f"{C}.http.host: `169.254.169.254`: an address for instance metadata", SENSE),
    (check(tcp={"port": 1, "host": "::ffff:100.100.100.200"}), f"{C}.tcp.host: `::ffff:100.100.100.200`: an address for inst", SENSE),
    (check(http={"host": "a.b", "address": "public"}), f"{C}.http.address: has no use beside `host`", SENSE),
    (one(match={"cloud": "alibaba"}, checks=[{"tcp": {"port": 1, "address": "dns"}}]), f"{C}.tcp.address: `dns`: Alibaba", SENSE),
    (check(tcp={}), f"{C}.tcp.port: missing; must be a port", SHAPE),
    (check(tcp={"host": "a.b"}), f"{C}.tcp.port: missing; must be a port", SHAPE),
    (check(tcp=[22]), f"{C}.tcp: a list: must be a mapping with the keys port", SHAPE),
    (check(tag={"value": "x"}), f"{C}.tag.key: missing", SHAPE),
    (check(tag={"key": ""}), f"{C}.tag.key: ``: must be a text of 1 to 128", SHAPE),
    (
        check(tag={"key": "x", "value": True}),
        f"{C}.tag.value: `true`: must be a text of at most 256 characters, the tag's value; put it in",
        SHAPE,
    ),
    (check(instance_status={"x": 1}), f"{C}.instance_status.x: unknown key; allowed: ", SHAPE),
    (check(instance_status={"ssm": "yes"}), f"{C}.instance_status.ssm: `yes`: must be true or false", SHAPE),
    (
        one(checks=[{"instance_status": {"cloud_assistant": True}}], match={"cloud": "aws"}),
        f"{C}.instance_status.cloud_assistant: is for Alibaba Cloud; on AWS it is `ssm`",
        SENSE,
    ),
    (check(command={"run": []}), f"{C}.command.run: must be a script of at most 12000 characters or a list of lines (the value is", SHAPE),
    (check(command={"run": "x", "passed_on": []}), f"{C}.command.passed_on: an empty list: must be a list of exit codes", SHAPE),
    (check(command={"run": "x", "waiting_on": [0]}), f"{C}.command.waiting_on: 0: also in `passed_on`; an exit code means one", SENSE),
    (check(command={"run": "x", "timeout": "2d"}), f"{C}.command.timeout: `2d`: must be a duration from 10s to 1d", SENSE),
    (check(parameter={"name": "a {b}"}), f"{C}.parameter.name: `a {{b}}`: must be a text of ASCII characters without spaces", SHAPE),
    (
        check(parameter={"name": "a", "store": "kms"}),
        f"{C}.parameter.store: `kms`: is for profiles with `match: {{cloud: alibaba}}`",
        SENSE,
    ),
    (check(object={"bucket": "Up", "key": "x"}), f"{C}.object.bucket: `Up`: must be a text, the name of a bucket", SHAPE),
    (check(object={"bucket": "abc", "key": "/x"}), f"{C}.object.key: `/x`: begins with a /", SENSE),
    (check(function={"function": "a/b"}), f"{C}.function.function: `a/b`: service/function is for Function Compute", SENSE),
    (check(function={}), f"{C}.function.function: missing; must be a text: the function's name", SHAPE),
    (check(tcp={"port": 1, "limit": "2m"}), f"{C}.tcp.limit: `2m`: must be at most 1m", SENSE),
    (check(tcp={"port": 1, "limit": 61}), f"{C}.tcp.limit: `61`: must be at most 1m", SHAPE),
    (check(tcp={"port": 1, "limit": "-"}), f"{C}.tcp.limit: `-`: must be a duration", SHAPE),
    (check(any=[]), f"{C}.any: an empty list: needs at least one check", SHAPE),
    (check(all={"tcp": {}}), f"{C}.all: a mapping: must be a list of checks", SHAPE),
    (check(any=[{"tcp": {"port": 1}}, {"all": [{"tcp": {}}]}]), f"{C}.any[1].all[0].tcp.port: missing", SHAPE),
    (check(**{"not": {"tcp": {}}}), f"{C}.not.tcp.port: missing", SHAPE),
    (check(**{"not": ["instance_status"]}), f"{C}.not: a list: must be a mapping", SHAPE),
    (check(n_of={"n": 1}), f"{C}.n_of.of: missing; a list of checks", SHAPE),
    (check(n_of={"of": ["instance_status"]}), f"{C}.n_of.n: missing; how many of them", SHAPE),
    (check(n_of={"n": 2, "of": ["instance_status"]}), f"{C}.n_of.n: `2`: must be a whole number from 1 to 1", SENSE),
    (check(n_of={"n": True, "of": ["instance_status"]}), f"{C}.n_of.n: `true`: must be a whole number from 1 to 1", SHAPE),
    (check(n_of={"n": 1, "of": []}), f"{C}.n_of.of: an empty list: needs at least one check", SHAPE),
    (
        check(n_of={"n": 2, "of": ["instance_status", {"tcp": {"port": 1, "required": False}}]}),
        f"{C}.n_of.n: `2`: must be a whole number from 1 to 1, which is how many are listed and required",
        SENSE,
    ),
    (check(tcp={"port": 1, "after": "soon"}), f"{C}.tcp.after: `soon`: must be a duration", SHAPE),
    (check(tcp={"port": 1, "for": "0 looks"}), f"{C}.tcp.for: `0 looks`: must be from `1 look` to `100 looks`, or a duration", SENSE),
    (check(tcp={"port": 1, "for": 3}), f"{C}.tcp.for: `3`: must be a duration from 10s, or so many looks in a row", SHAPE),
    (
        check(tcp={"port": 1, "for": "often"}),
        f"{C}.tcp.for: `often`: must be a duration from 10s, or so many looks",
        SHAPE,
    ),
    (check(tcp={"port": 1, "required": "no"}), f"{C}.tcp.required: `no`: must be true or false", SHAPE),
    (check(tcp={"port": 1, "after": "10m", "fail_after": "10m"}), f"{C}.tcp.fail_after: must be longer than `after`", SENSE),
    (
        one(budget="10m", checks=[{"tcp": {"port": 1, "after": "5m", "for": "5m"}}]),
        f"{P}.checks: tcp :1: `after` and `for` together",
        SENSE,
    ),
    (one(budget="10m", checks=[{"tcp": {"port": 1, "fail_after": "1h"}}]), f"{P}.checks: tcp :1: `fail_after` never comes", SENSE),
    (one(instances=0), f"{P}.instances: `0`: must be all, any, or how many", SHAPE),
    (one(instances="most"), f"{P}.instances: `most`: must be all, any, or how many", SHAPE),
    (one(steps={"tag": {}}), f"{P}.steps: a mapping: must be a list of steps", SHAPE),
    (one(steps=["tags"]), f"{P}.steps[0]: `tags`: must be", SHAPE),
    (one(steps=[{}]), f"{P}.steps[0]: empty: name a step", SHAPE),
    (one(steps=["tag"]), f"{P}.steps[0].tag.key: missing", SHAPE),
    (
        one(steps=[{"tag": {"key": "x", "after": "10m"}}]),
        f"{P}.steps[0].tag.after: unknown key; allowed: key, value, limit, required",
        SHAPE,
    ),
    (one(steps=[{"tag": {"key": "x", "required": 1}}]), f"{P}.steps[0].tag.required: `1`: must be true or false", SHAPE),
    (
        one(steps=[{"suspend_processes": {"processes": ["ScaleIn"]}}], match={"cloud": "aws"}),
        f"{P}.steps[0].suspend_processes.processes: `ScaleIn` is no process of a scaling group on aws",
        SENSE,
    ),
    (one(stages=[{"after": "10m", "steps": [TAG]}]), f"{P}.stages[0].name: missing; logs tell of it", SHAPE),
    (one(stages=[{"name": "force", "steps": [TAG]}]), f"{P}.stages[0].after: missing; how old", SHAPE),
    (one(stages=[{"name": "force", "after": "10m"}]), f"{P}.stages[0].steps: missing; what to do", SHAPE),
    (one(stages=[{"name": "force", "after": "10m", "steps": []}]), f"{P}.stages[0].steps: an empty list", SHAPE),
    (
        one(stages=[{"name": "force", "after": wait, "steps": [TAG]} for wait in ("10m", "20m")]),
        f"{P}.stages[1].name: `force` is taken",
        SENSE,
    ),
    (one(budget="10m", stages=[{"name": "late", "after": "10m", "steps": [TAG]}]), f"{P}.stages: late: never comes", SENSE),
]

RIGHT: list[Any] = [
    one(),
    one(checks=[]),
    one(checks=[{"instance_status": None}, {"instance_status": {"limit": "60s"}}]),
    one(every=10, budget="2d"),
    one(match={"cloud": "alibaba", "origin": "-"}, on_timeout="ROLLBACK", budget="5h 50m"),
    one(match={"origin": ["EC2", "-"], "group": ["web-*", "-"], "metadata": "*role=web*"}),
    check(http={"host": "fd00::12", "scheme": "https", "verify": False, "status": [200, 503], "headers": {"Host": "a b"}}),
    check(tcp={"port": 65535, "host": "db-1.internal"}),
    check(http={"port": 80, "method": "POST", "body": "{}", "body_matches": "^ok", "json": "$['a b'][0]", "equals": False, "redirects": 3}),
    check(tls={"port": 443, "valid_for": 60, "verify": False, "server_name": "shop.example", "address_tag": "ingress"}),
    check(tag={"key": "x", "value": ""}),
    check(tag={"key": "x", "after": "2m", "for": "3 looks", "fail_after": "1h", "required": False}),
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
