"""docs/deploy-sam.md and docs/deploy-serverless.md: their commands exist, their names are the template's, their sums are right."""

import re

import pytest
from aws_deploy_world import ROOT, raw, worked_out
from test_iam_aws_denied import LOOK_MAY_NOT, OTHERS_MAY_NOT
from test_mutations_aws import MUTATIONS, is_of_cfn_lint

SAM = (ROOT / "docs/deploy-sam.md").read_text()
SERVERLESS = (ROOT / "docs/deploy-serverless.md").read_text()
LOOKS, SWEEPS, SECONDS, GB = 6, 8640, 0.5, 0.25
REQUEST, GB_SECOND = 0.20 / 1e6, 0.0000166667


@pytest.mark.parametrize("page", [SAM, SERVERLESS], ids=["sam", "serverless"])
def test_every_make_target_is_there(page: str) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|\$ )make ([a-z][a-z0-9-]+)", page))
    assert named
    assert named <= targets


@pytest.mark.parametrize("page", [SAM, SERVERLESS], ids=["sam", "serverless"])
def test_every_link_leads_somewhere(page: str) -> None:
    for target, _, anchor in re.findall(r"\]\(([^)#:]*)(#([^)]*))?\)", page):
        path = (ROOT / "docs" / target) if target else None
        assert path is None or path.exists(), target
        text = path.read_text() if path and path.suffix == ".md" else page
        headings = {re.sub(r"[^a-z0-9 -]", "", line.lower()).replace(" ", "-") for line in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
        assert not anchor or anchor in headings, anchor


def test_the_outputs_that_a_hook_needs_are_the_templates() -> None:
    named = set(re.findall(r"output `(\w+)`", SAM))
    assert named == {"SnsNotificationTarget", "SqsNotificationTarget", "DirectNotificationTarget", "NotificationRole"}
    assert named <= set(raw()["Outputs"])


def test_what_is_counted_is_what_is_there() -> None:
    found = worked_out(raw())
    assert f"with {sum(one['Type'] == 'AWS::Logs::MetricFilter' for one in found.values())} metric filters" in SAM
    by_linter = sum(is_of_cfn_lint(by) for _, by in MUTATIONS.values())
    assert f"{len(MUTATIONS)} wrong templates: each is caught by cfn-lint ({by_linter})" in SAM
    assert f"({len(MUTATIONS) - by_linter}): lost dead letters" in SAM
    assert f"and {len(LOOK_MAY_NOT) + len(OTHERS_MAY_NOT)} that nobody needs are not" in SAM


def test_the_alarms_metrics_are_counted() -> None:
    """CloudWatch charges a metric-math alarm for each metric in it."""
    alarms = [one["Properties"] for one in worked_out(raw()).values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    metrics = [sum("MetricStat" in one for one in alarm["Metrics"]) if "Metrics" in alarm else 1 for alarm in alarms]
    assert sorted(metrics) == [1, 1, 1, 6, 8]
    assert f"| {sum(metrics)} metrics (3 alarms of 1, throttling of 8, errors of 6)" in SAM


def test_the_sums_are_right() -> None:
    looks = 1000 * LOOKS
    wanted = {
        "looks: requests": looks * REQUEST,
        "looks: duration": looks * SECONDS * GB * GB_SECOND,
        "schedules": 1000 * (LOOKS - 1) / 1e6,
        "sweep": SWEEPS * (REQUEST + SECONDS * GB * GB_SECOND),
        "logs": (looks + SWEEPS) * 1.1e3 / 1e9 * 0.50,
        "`sns`": 1000 * 0.50 / 1e6,
        "`sqs`": (5 * 30 * 24 * 3600 / 20 + 3000) * 0.40 / 1e6,
        "metrics": 4 * 0.30,
        "alarms": 17 * 0.10,
        "dashboard": 3.00,
    }
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in SAM.split("a month cost")[1].splitlines() if line.startswith("| ")
    ]
    printed = {row[0]: float(row[3]) for row in rows if row[0] in wanted}
    assert printed == {name: round(cost, 4) for name, cost in wanted.items()}
    usage = sum(wanted[name] for name in ("looks: requests", "looks: duration", "schedules", "sweep", "logs"))
    watching = sum(wanted[name] for name in ("metrics", "alarms", "dashboard"))
    assert f"about {usage:.2f} with EventBridge, and {watching:.2f} stands there" in SAM.replace("\n", " ")
    more = 9 * (usage - wanted["sweep"] - SWEEPS * 1.1e3 / 1e9 * 0.50)
    assert f"Ten times the waits are {more:.2f} more" in " ".join(SAM.split())
