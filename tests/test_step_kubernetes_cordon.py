"""kubernetes_cordon over TLS against the emulated API server, and what a configuration may say of it and of kubernetes_drain."""

import time
from pathlib import Path
from typing import Any

import pytest

from check_world import AWS, I, closed_port, served
from kubernetes_world import NODE, Kubernetes, kubernetes, provider_id
from rearm import config, steps
from rearm.checks.question import Question
from rearm.clouds.aws.cloud import Aws
from rearm.core.model import Action, StepResult
from rearm_workbench.certificates import authority
from test_check_kubernetes_access import aws

__all__ = ["aws", "closed_port", "kubernetes"]

DOCS = (Path(__file__).resolve().parents[1] / "docs" / "configuration.md").read_text()


def do(settings: dict[str, object], known: dict[str, str] | None = None, transition: str = "terminate", limit_s: float = 5.0) -> StepResult:
    action = Action("aws", "hook", "", (I,), "group", transition)  # type: ignore[arg-type]  # one of the two, as the test writes it
    return steps.do("kubernetes_cordon")(settings, Question(I, action, AWS, known or {}, limit_s))


def said(found: StepResult) -> tuple[str, str]:
    return found.status, found.reason


def test_a_node_is_cordoned_once_and_what_runs_there_stays(kubernetes: Kubernetes) -> None:
    node = kubernetes.cluster.add_node(NODE, provider_id())
    other = kubernetes.cluster.add_node("another", provider_id("i-other"))
    kubernetes.pod("web")
    first = do(kubernetes.settings)
    assert said(first) == ("done", f"node {NODE} is cordoned")
    assert (node.unschedulable, other.unschedulable) == (True, False)
    assert list(first.remember.values()) == [NODE]
    assert said(do(kubernetes.settings, first.remember)) == ("done", f"node {NODE} was cordoned already")
    assert kubernetes.calls == [f"kubernetes:{call}" for call in ("list nodes", "patch nodes", "get nodes")]
    assert [pod.ends_at for pod in kubernetes.cluster.pods.values()] == [None]


def test_without_a_node_it_is_done_for_an_instance_that_ends(kubernetes: Kubernetes) -> None:
    assert said(do(kubernetes.settings)) == ("done", "the cluster has no node of this instance")
    assert said(do(kubernetes.settings, transition="launch")) == ("going", "the cluster has no node of this instance yet")
    kubernetes.cluster.add_node(NODE, provider_id())
    assert do(kubernetes.settings, transition="launch").status == "done"


@pytest.mark.parametrize(
    ("call", "code", "text"),
    [
        ("list nodes", 401, "kubernetes:list nodes: the API server does not know the function (401): give its role access to the cluster"),
        ("list nodes", 403, "kubernetes:list nodes is forbidden (403): allow it by a ClusterRole"),
        ("patch nodes", 403, "kubernetes:patch nodes is forbidden (403): allow it by a ClusterRole"),
        ("patch nodes", 404, "the node went away just now"),
        ("patch nodes", 429, "kubernetes:patch nodes is throttled (429)"),
        ("patch nodes", 500, "kubernetes:patch nodes failed (HTTP 500): The emulator was told to fail this call."),
    ],
)
def test_an_error_is_going_and_names_the_call(kubernetes: Kubernetes, call: str, code: int, text: str) -> None:
    node = kubernetes.cluster.add_node(NODE, provider_id())
    kubernetes.api.fail_next(call, code)
    assert said(do(kubernetes.settings)) == ("going", text)
    assert not node.unschedulable
    assert do(kubernetes.settings).status == "done"


def test_a_server_that_is_slow_or_away_is_tried_again(monkeypatch: pytest.MonkeyPatch, closed_port: int) -> None:
    monkeypatch.setenv("CLUSTER_TOKEN", "x")
    began = time.monotonic()
    with served(None, context=authority().server(("127.0.0.1",))) as (port, _):
        settings: dict[str, object] = {"endpoint": f"https://127.0.0.1:{port}", "ca": authority().pem, "token_env": "CLUSTER_TOKEN"}
        assert said(do(settings, limit_s=0.3)) == ("going", "kubernetes:list nodes: no answer in time")
    assert time.monotonic() - began < 2
    away: dict[str, object] = {"endpoint": f"https://127.0.0.1:{closed_port}", "token_env": "CLUSTER_TOKEN"}
    assert said(do(away)) == ("going", f"127.0.0.1:{closed_port}: connection refused")


@pytest.mark.parametrize("kind", ["kubernetes_cordon", "kubernetes_drain"])
def test_an_address_that_is_out_of_date_is_asked_for_again(kind: str, aws: Any) -> None:
    """EKS tells it once in a wait, to every check and step; what cannot be reached there any more is forgotten."""

    def found(known: dict[str, str]) -> StepResult:
        action = Action("aws", "hook", "", (I,), "group", "terminate")
        return steps.do(kind)({"cluster": "web"}, Question(I, action, Aws(), known, 5.0))

    first = found({})
    assert first.status == "done"
    assert found(first.remember).status == "done"
    assert aws.calls == ["eks:DescribeCluster"]
    (key,) = [key for key, value in first.remember.items() if value.startswith("https://")]
    moved = {**first.remember, key: first.remember[key].replace("https://127.0.0.1:", "https://127.0.0.9:")}
    lost = found(moved)
    assert (lost.status, lost.remember[key]) == ("going", "")
    assert found(moved | lost.remember).remember[key] == first.remember[key]


@pytest.mark.parametrize("kind", ["kubernetes_cordon", "kubernetes_drain"])
@pytest.mark.parametrize(
    ("cloud", "settings", "problem"),
    [
        ("aws", {"cluster": "web", "limit": "30s", "required": False}, None),
        ("alibaba", {"endpoint": "https://10.0.0.1:6443", "ca": "/opt/ca.pem", "token_file": "/opt/token"}, None),
        ("aws", {}, ": has no target: give `cluster` or `endpoint`"),
        ("aws", {"cluster": "a/b"}, ".cluster: `a/b`: must be a text: the name of an EKS cluster"),
        ("aws", {"cluster": "web", "nodes": 1}, ".nodes: unknown key"),
        ("alibaba", {"cluster": "c0123", "token_env": "TOKEN"}, ".token_env: has no use without `endpoint` on Alibaba Cloud"),
        ("aws", {"endpoint": "https://169.254.169.254", "token_env": "A"}, ".endpoint: `https://169.254.169.254`: an address for instance"),
    ],
)
def test_the_cluster_is_judged_as_for_the_check(kind: str, cloud: str, settings: dict[str, object], problem: str | None) -> None:
    profile = {"name": "p", "match": {"cloud": cloud, "transition": "terminate"}, "checks": [], "steps": [{kind: settings}]}
    lines: list[Any] = config.judge({"version": 1, "profiles": [profile]})[1]
    path = f"profiles[0].steps[0].{kind}"
    assert [line.startswith(f"{path}{problem}") for line in lines] == ([] if problem is None else [True])


@pytest.mark.parametrize("kind", ["kubernetes_cordon", "kubernetes_drain"])
def test_permissions_label_and_page(kind: str) -> None:
    module = steps.module(kind)
    assert module.calls(module.Settings(cluster="web"), "aws") == ("eks:DescribeCluster",)
    assert module.calls(module.Settings(cluster="web"), "alibaba") == ("cs:DescribeClusterUserKubeconfig",)
    assert module.calls(module.Settings(endpoint="https://a.b"), "aws") == ()
    assert module.label(module.Settings(cluster="web")) == f"{kind.replace('_', ' ')} in web"
    section = DOCS.split(f"\n### step {kind}\n")[1].split("\n### ")[0]
    assert all(f"`{call}`" in section for calls in module.CALLS.values() for call in calls)
    own = [name for name in module.Settings.__struct_fields__ if name not in steps.module("kubernetes_cordon").Settings.__struct_fields__]
    assert all(f"| `{name}` |" in section for name in own)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"grace": "30s", "force_after": "20m", "force": True, "delete_emptydir": False}, None),
        ({"grace": 30}, None),
        ({"grace": "0s"}, ".grace: `0s`: must be a duration like 90s"),
        ({"grace": 0}, ".grace: `0`: must be a duration like 90s"),
        ({"force_after": "soon"}, ".force_after: `soon`: must be a duration like 90s"),
        ({"force": "yes"}, ".force: `yes`: must be true or false"),
        ({"delete_emptydir": 1}, ".delete_emptydir: `1`: must be true or false"),
    ],
)
def test_what_settings_of_a_drain_are_refused(settings: dict[str, object], problem: str | None) -> None:
    profile = {"name": "p", "match": {"cloud": "aws", "transition": "terminate"}, "checks": []}
    raw = {"version": 1, "profiles": [profile | {"steps": [{"kubernetes_drain": {"cluster": "web"} | settings}]}]}
    lines = config.judge(raw)[1]
    path = "profiles[0].steps[0].kubernetes_drain"
    assert [line.startswith(f"{path}{problem}") for line in lines] == ([] if problem is None else [True])


def test_a_drain_is_not_for_launch() -> None:
    raw = {
        "version": 1,
        "profiles": [{"name": "p", "match": {"cloud": "aws"}, "checks": [], "steps": [{"kubernetes_drain": {"cluster": "w"}}]}],
    }
    (line,) = config.judge(raw)[1]
    assert "would empty the nodes of new instances: give the profile `match: {transition: terminate}`" in line
