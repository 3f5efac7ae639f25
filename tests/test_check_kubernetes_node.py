"""kubernetes_node over TLS against the emulated API server: launch, terminate, and how it fails."""

import ssl
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from check_world import AWS, Ecs, I, closed_port, ec2, ecs_status, served, status_with
from kubernetes_world import NODE, TOKEN, Kubernetes, kubernetes, provider_id
from rearm import checks
from rearm.checks.kubernetes import api
from rearm.checks.question import Question
from rearm.core.model import Action, CheckResult
from rearm_workbench.certificates import authority

__all__ = ["closed_port", "ec2", "kubernetes"]


def ask(
    settings: dict[str, object], cloud: Any = AWS, known: dict[str, str] | None = None, transition: str = "launch", limit_s: float = 5.0
) -> CheckResult:
    action = Action(cloud.name, "hook", "", (I,), "group", transition)  # type: ignore[arg-type]  # one of the two, as the test writes it
    return checks.ask("kubernetes_node")(settings, Question(I, action, cloud, known or {}, limit_s))


def said(found: CheckResult) -> tuple[str, str]:
    return found.status, found.reason


# launch


@pytest.mark.parametrize(
    ("ready", "verdict"),
    [
        (None, ("waiting", f"node {NODE} is not Ready (NodeStatusNeverUpdated)")),
        (False, ("waiting", f"node {NODE} is not Ready (KubeletNotReady)")),
        (True, ("passed", f"node {NODE} is Ready")),
    ],
)
@pytest.mark.parametrize("provider", [provider_id(), f"cn-hangzhou.{I}"], ids=["EKS", "ACK"])
def test_a_launched_node_is_ready(kubernetes: Kubernetes, ready: bool | None, verdict: tuple[str, str], provider: str) -> None:
    kubernetes.cluster.add_node("another", provider_id(f"x{I}"))
    kubernetes.cluster.add_node(NODE, provider, lambda: ready)
    assert said(ask(kubernetes.settings)) == verdict


def test_a_node_that_has_not_registered_is_waited_for_unless_the_instance_is_gone(kubernetes: Kubernetes, ec2: Stubber) -> None:
    ec2.add_response("describe_instance_status", {"InstanceStatuses": []})
    assert said(ask(kubernetes.settings)) == ("waiting", "the cluster has no node of this instance yet")
    ec2.add_client_error("describe_instance_status", "InvalidInstanceID.NotFound")
    assert ask(kubernetes.settings).status == "gone"
    assert ask(kubernetes.settings, Ecs(DescribeInstanceStatus=ecs_status(None))).status == "gone"


def test_the_nodes_name_is_remembered_and_found_out_again_when_it_is_no_longer_right(kubernetes: Kubernetes) -> None:
    for number in range(250):
        kubernetes.cluster.add_node(f"n{number:03}", provider_id(f"i-{number}"))
    kubernetes.cluster.nodes["n249"].provider_id = provider_id()
    first = ask(kubernetes.settings)
    assert (first.status, list(first.remember.values())) == ("passed", ["n249"])
    assert kubernetes.calls == ["kubernetes:list nodes"] * 3, "in pages"
    kubernetes.calls.clear()
    assert ask(kubernetes.settings, known=first.remember) == CheckResult("passed", "node n249 is Ready")
    assert kubernetes.calls == ["kubernetes:get nodes"]
    kubernetes.cluster.remove_node("n249")
    kubernetes.cluster.add_node("anew", provider_id())
    assert list(ask(kubernetes.settings, known=first.remember).remember.values()) == ["anew"]
    kubernetes.cluster.add_node("n249", provider_id("i-other"))
    assert list(ask(kubernetes.settings, known=first.remember).remember.values()) == ["anew"]


# terminate


def test_a_terminating_node_is_empty_but_for_what_stays(kubernetes: Kubernetes) -> None:
    kubernetes.cluster.add_node(NODE, provider_id())
    kubernetes.pod("agent", owner="DaemonSet")
    kubernetes.pod("kube-proxy", mirror=True)
    kubernetes.pod("job", owner="Job", phase="Succeeded")
    kubernetes.cluster.add_node("another", provider_id("i-other"))
    elsewhere = kubernetes.pod("elsewhere")
    elsewhere.node = "another"
    left = [kubernetes.pod("bare", owner=None), *(kubernetes.pod(f"web-{number:03}") for number in range(120))]
    found = ask(kubernetes.settings, transition="terminate")
    assert said(found) == ("waiting", f"121 pods are left on node {NODE}: shop/bare, shop/web-000, shop/web-001, …")
    assert kubernetes.calls == ["kubernetes:list nodes", "kubernetes:list pods", "kubernetes:list pods"]
    for pod in left[1:]:
        kubernetes.cluster.delete(pod, 0)
    assert said(ask(kubernetes.settings, transition="terminate")) == ("waiting", f"1 pod is left on node {NODE}: shop/bare")
    kubernetes.cluster.delete(left[0], 0)
    done = ("passed", f"nothing is left on node {NODE} but DaemonSet and mirror pods")
    assert said(ask(kubernetes.settings, transition="terminate")) == done
    assert ask(kubernetes.settings).status == "passed", "for a launch it does not matter what runs there"


def test_a_terminating_pod_is_still_there(kubernetes: Kubernetes) -> None:
    kubernetes.cluster.add_node(NODE, provider_id())
    kubernetes.cluster.delete(kubernetes.pod("web", grace_s=30))
    kubernetes.cluster.clock.run_until(29)  # type: ignore[attr-defined]  # the world's own clock is virtual
    assert ask(kubernetes.settings, transition="terminate").status == "waiting"
    kubernetes.cluster.clock.run_until(30)  # type: ignore[attr-defined]  # as above
    assert ask(kubernetes.settings, transition="terminate").status == "passed"


def test_without_a_node_nothing_is_left(kubernetes: Kubernetes) -> None:
    assert said(ask(kubernetes.settings, transition="terminate")) == ("passed", "the cluster has no node of this instance")


# how it fails


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (403, "kubernetes:list nodes is forbidden (403): allow it by a ClusterRole"),
        (429, "kubernetes:list nodes is throttled (429)"),
        (500, "kubernetes:list nodes failed (HTTP 500): The emulator was told to fail this call."),
        (404, "kubernetes:list nodes: not found (404): is that a Kubernetes API server?"),
    ],
)
@pytest.mark.parametrize("transition", ["launch", "terminate"])
def test_an_error_is_waiting_and_names_the_call(kubernetes: Kubernetes, code: int, text: str, transition: str) -> None:
    kubernetes.api.fail_next("list nodes", code)
    found = ask(kubernetes.settings, transition=transition)
    assert (found.status, found.reason, found.error) == ("waiting", text, True)


def test_pods_that_may_not_be_listed_are_no_empty_node(kubernetes: Kubernetes) -> None:
    kubernetes.cluster.add_node(NODE, provider_id())
    kubernetes.api.fail_next("list pods", 403)
    assert said(ask(kubernetes.settings, transition="terminate")) == (
        "waiting",
        "kubernetes:list pods is forbidden (403): allow it by a ClusterRole",
    )


def test_a_wrong_token_is_said_without_it(kubernetes: Kubernetes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUSTER_TOKEN", "another-s3cret")
    found = ask(kubernetes.settings)
    assert said(found)[0] == "waiting"
    assert "does not know the function (401)" in found.reason
    assert "s3cret" not in found.reason
    monkeypatch.delenv("CLUSTER_TOKEN")
    assert said(ask(kubernetes.settings)) == ("waiting", "the variable CLUSTER_TOKEN is not set: it has to hold the token for the cluster")


def test_a_server_that_nobody_vouches_for_gets_no_token(kubernetes: Kubernetes) -> None:
    found = ask(kubernetes.settings | {"ca": Path(__file__).with_name("nobody.pem").as_posix()})
    assert "cannot be read" in found.reason
    found = ask({key: value for key, value in kubernetes.settings.items() if key != "ca"})
    assert said(found) == ("waiting", "the connection to the API server broke: self-signed certificate in certificate chain")
    assert kubernetes.calls == []


def test_plain_certificates_are_taken_where_python_is_strict(kubernetes: Kubernetes, monkeypatch: pytest.MonkeyPatch) -> None:
    """From Python 3.13 on `ssl` asks for key identifiers, which the certificates of EKS do not have."""
    usual = ssl.create_default_context

    def strict(**given: Any) -> ssl.SSLContext:
        context = usual(**given)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", strict)
    kubernetes.cluster.add_node(NODE, provider_id())
    assert ask(kubernetes.settings).status == "passed"


def test_files_instead_of_texts(kubernetes: Kubernetes, tmp_path: Path) -> None:
    kubernetes.cluster.add_node(NODE, provider_id())
    token, ca = tmp_path / "token", tmp_path / "ca.pem"
    token.write_text(f"{TOKEN}\n")
    ca.write_text(kubernetes.api.ca)
    settings = {"endpoint": kubernetes.api.endpoint, "ca": str(ca), "token_file": str(token)}
    assert ask(settings).status == "passed"
    token.unlink()
    assert said(ask(settings)) == ("waiting", f"the token for the cluster: {token} cannot be read (No such file or directory)")


@pytest.mark.parametrize(
    "answer",
    [b"", b"[]", b"{}", b'{"items": [{}]}', b'{"items": 5}', b'{"items": [{"metadata": {"name": 5}}]}', b"<html>", b"[" * 10_000, b"\xff"],
)
@pytest.mark.parametrize("transition", ["launch", "terminate"])
def test_a_nonsense_answer_is_waiting(monkeypatch: pytest.MonkeyPatch, answer: bytes, transition: str) -> None:
    monkeypatch.setenv("CLUSTER_TOKEN", "x")
    with served(status_with(answer), context=authority().server(("127.0.0.1",))) as (port, _):
        settings = {"endpoint": f"https://127.0.0.1:{port}", "ca": authority().pem, "token_env": "CLUSTER_TOKEN"}
        assert said(ask(settings, transition=transition)) == ("waiting", "kubernetes:list nodes: the answer cannot be read")


def test_an_answer_without_end_is_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUSTER_TOKEN", "x")
    monkeypatch.setattr(api, "READ_MAX", 2**20)
    with served(status_with(b" " * (2**20 + 1)), context=authority().server(("127.0.0.1",))) as (port, _):
        settings = {"endpoint": f"https://127.0.0.1:{port}", "ca": authority().pem, "token_env": "CLUSTER_TOKEN"}
        assert said(ask(settings)) == ("waiting", "kubernetes:list nodes: the answer is longer than 1 MiB")


def test_a_server_that_is_slow_or_away_costs_the_limit_and_no_more(monkeypatch: pytest.MonkeyPatch, closed_port: int) -> None:
    monkeypatch.setenv("CLUSTER_TOKEN", "x")
    began = time.monotonic()
    with served(None, context=authority().server(("127.0.0.1",))) as (port, _):
        settings = {"endpoint": f"https://127.0.0.1:{port}", "ca": authority().pem, "token_env": "CLUSTER_TOKEN"}
        assert said(ask(settings, limit_s=0.3)) == ("waiting", "kubernetes:list nodes: no answer in time")
    assert time.monotonic() - began < 2
    away = {"endpoint": f"https://127.0.0.1:{closed_port}", "token_env": "CLUSTER_TOKEN"}
    assert said(ask(away)) == ("waiting", f"127.0.0.1:{closed_port}: connection refused")
