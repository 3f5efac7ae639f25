"""How kubernetes_node comes into a cluster: by EKS and its token, by ACK and its kubeconfig, through the SDKs."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from check_world import I
from kubernetes_world import KEY, NODE, Kubernetes, kubernetes, provider_id
from rearm import checks, config
from rearm.checks.kubernetes import ack, eks
from rearm.checks.question import Question
from rearm.clouds.alibaba.cloud import Alibaba, forget_clients
from rearm.clouds.aws.cloud import Aws
from rearm.core.model import Action, CheckResult
from rearm.errors import RearmError
from rearm_workbench.emulators.alibaba.loopback import Incoming
from rearm_workbench.emulators.alibaba.reads import read_of
from rearm_workbench.emulators.alibaba.server import AlibabaEmulator
from rearm_workbench.emulators.aws.eks import put_cluster
from rearm_workbench.emulators.aws.emulator import AwsEmulator
from rearm_workbench.emulators.kubernetes import eks_token
from rearm_workbench.virtual_clock import VirtualClock

__all__ = ["kubernetes"]

READY = CheckResult("passed", f"node {NODE} is Ready")


def ask(cloud: Any, known: dict[str, str] | None = None, **settings: object) -> CheckResult:
    action = Action(cloud.name, "hook", "", (I,), "group", "launch")
    return checks.ask("kubernetes_node")({"cluster": "web"} | settings, Question(I, action, cloud, known or {}, 5.0))


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses between the attempts of a call: of both adapters, and of botocore inside the emulator."""
    monkeypatch.setattr("rearm.clock.sleep", lambda seconds: None)


@pytest.fixture
def aws(kubernetes: Kubernetes) -> Iterator[AwsEmulator]:
    kubernetes.cluster.add_node(NODE, provider_id())
    calls: list[str] = []
    with AwsEmulator(VirtualClock(0.0), region="eu-west-1", on_call=lambda name, text: calls.append(name)) as emulator:
        put_cluster("eu-west-1", "web", kubernetes.api.endpoint, kubernetes.api.ca)
        emulator.calls = calls  # type: ignore[attr-defined]  # for the tests below
        yield emulator


def test_eks_tells_the_way_once_and_takes_the_functions_own_token(aws: Any) -> None:
    first = ask(Aws())
    assert (first.status, first.reason) == (READY.status, READY.reason)
    assert ask(Aws(), first.remember) == READY
    assert aws.calls == ["eks:DescribeCluster"]
    assert not any("k8s-aws-v1" in text for text in first.remember.values()), "a token is no memory"


def test_with_endpoint_and_authority_nobody_asks_eks(aws: Any, kubernetes: Kubernetes) -> None:
    assert ask(Aws(), endpoint=kubernetes.api.endpoint, ca=kubernetes.api.ca).status == "passed"
    assert aws.calls == []


def test_a_token_is_for_one_cluster_and_from_one_key(aws: Any) -> None:
    token = eks.token("web")
    assert eks_token.is_valid(token, "web", *KEY)
    assert not eks_token.is_valid(token, "other", *KEY)
    assert not eks_token.is_valid(token, "web", KEY[0], "another secret")
    assert not eks_token.is_valid(token, "web", "ANOTHERKEY", KEY[1])
    assert not eks_token.is_valid(token + "=", "web", *KEY)
    url = base64.urlsafe_b64decode(token.removeprefix("k8s-aws-v1.") + "==").decode()
    forged = url.replace("X-Amz-Expires=60", "X-Amz-Expires=61")
    assert not eks_token.is_valid("k8s-aws-v1." + base64.urlsafe_b64encode(forged.encode()).decode().rstrip("="), "web", *KEY)
    assert url.startswith("https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&")


def test_an_address_that_is_out_of_date_is_asked_for_again(aws: Any) -> None:
    first = ask(Aws())
    (key,) = [key for key, value in first.remember.items() if value.startswith("https://")]
    moved = {**first.remember, key: first.remember[key].replace("https://127.0.0.1:", "https://127.0.0.9:")}
    lost = ask(Aws(), moved)
    assert (lost.status, lost.error, lost.remember) == ("waiting", True, {key: ""})
    assert ask(Aws(), moved | lost.remember).remember[key] == first.remember[key]


@pytest.mark.parametrize(("code", "status"), [("AccessDeniedException", 403), ("ThrottlingException", 429), ("ServerException", 500)])
def test_an_error_of_eks_is_waiting_and_names_the_call(aws: Any, code: str, status: int) -> None:
    assert "ResourceNotFoundException" in ask(Aws(), cluster="other").reason
    aws.fail_next("eks:DescribeCluster", code, status, times=9)
    found = ask(Aws())
    assert (found.status, found.error) == ("waiting", True)
    assert "eks:DescribeCluster" in found.reason
    assert code in found.reason


def test_a_cluster_that_is_being_made_is_waiting(aws: Any) -> None:
    put_cluster("eu-west-1", "web", "", "")
    assert ask(Aws()).status == "waiting"
    put_cluster("eu-west-1", "web", "https://127.0.0.1:1", "no certificate")
    assert ask(Aws()) == CheckResult("waiting", "the certificates for the cluster cannot be read", error=True)


@pytest.fixture
def alibaba(kubernetes: Kubernetes, monkeypatch: pytest.MonkeyPatch) -> Iterator[AlibabaEmulator]:
    kubernetes.cluster.add_node(NODE, f"cn-hangzhou.{I}")
    calls: list[str] = []
    forget_clients()
    with AlibabaEmulator(VirtualClock(0.0), on_call=lambda name, text: calls.append(name)) as emulator:
        for name, value in (emulator.environment() | {"FC_REGION": "cn-hangzhou"}).items():
            monkeypatch.setenv(name, value)
        emulator.cs.clusters["web"] = (kubernetes.api.endpoint, kubernetes.api.ca)
        emulator.calls = calls  # type: ignore[attr-defined]  # for the tests below
        yield emulator
    forget_clients()


def test_ack_gives_a_certificate_that_is_kept_for_a_while_and_not_in_the_wait(alibaba: Any) -> None:
    first = ask(Alibaba(None))
    assert (first.status, first.reason) == (READY.status, READY.reason)
    assert list(first.remember.values()) == [NODE]
    ask(Alibaba(None))
    assert alibaba.calls == ["cs:DescribeClusterUserKubeconfig"]


@pytest.mark.parametrize(("code", "status"), [("Forbidden.RAM", 403), ("Throttling.User", 429), ("InternalError", 500)])
def test_an_error_of_ack_is_waiting_and_names_the_call(alibaba: Any, code: str, status: int) -> None:
    assert "cs:DescribeClusterUserKubeconfig: ErrorClusterNotFound (HTTP 404)" in ask(Alibaba(None), cluster="other").reason
    for _ in range(9):
        alibaba.fail_next("cs:DescribeClusterUserKubeconfig", code)
    found = ask(Alibaba(None))
    assert (found.status, found.error) == ("waiting", True)
    assert "cs:DescribeClusterUserKubeconfig" in found.reason
    assert code in found.reason


def test_a_wrong_signature_is_refused(alibaba: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "another")
    assert "SignatureDoesNotMatch" in ask(Alibaba(None)).reason


@pytest.mark.parametrize("config_", [None, "", 5, "server: https://x", "a: b\n" * 1000, {"server": "x"}])
def test_a_kubeconfig_that_cannot_be_read_is_waiting(config_: object) -> None:
    with pytest.raises(RearmError, match="cs:DescribeClusterUserKubeconfig: the answer cannot be read"):
        ack._read(config_)


def test_a_kubeconfig_is_a_read_and_nothing_else_of_that_product_is_modelled(alibaba: Any) -> None:
    assert read_of("GET", "/k8s/web/user_config?x=1", {}, b"") == "DescribeClusterUserKubeconfig"
    for method, path in (("POST", "/k8s/web/user_config"), ("GET", "/k8s/web/nodes")):
        assert read_of(method, path, {}, b"") is None
        assert alibaba.cs.serve(Incoming(method, path, "", {}, b""), "r").status == 404


# what a configuration may say


def test_with_an_endpoint_no_permission_of_the_cluster_is_needed() -> None:
    module = checks.module("kubernetes_node")
    assert module.calls(module.Settings(cluster="web"), "aws") == ("eks:DescribeCluster", "ec2:DescribeInstanceStatus")
    assert module.calls(module.Settings(endpoint="https://a.b"), "aws") == ("ec2:DescribeInstanceStatus",)
    assert module.calls(module.Settings(endpoint="https://a.b"), "alibaba") == ("ecs:DescribeInstanceStatus",)


@pytest.mark.parametrize(
    ("cloud", "settings", "problem"),
    [
        ("aws", {"cluster": "web"}, None),
        ("alibaba", {"cluster": "c0123"}, None),
        ("aws", {"cluster": "web", "token_file": "/opt/token"}, None),
        ("aws", {"cluster": "web", "endpoint": "https://10.0.0.1:6443", "ca": "/opt/ca.pem"}, None),
        ("alibaba", {"endpoint": "https://[fd00::1]:6443", "token_env": "TOKEN"}, None),
        ("aws", {}, "has no target: give `cluster` or `endpoint`"),
        ("aws", {"cluster": "web", "ca": "/opt/ca.pem"}, "ca: has no use without `endpoint`"),
        (
            "aws",
            {"endpoint": "https://10.0.0.1"},
            "endpoint: needs a token: give `token_env` or `token_file` (on AWS alone the `cluster` does)",
        ),
        ("alibaba", {"cluster": "c0123", "endpoint": "https://10.0.0.1"}, "endpoint: needs a token: give `token_env` or `token_file`"),
        ("alibaba", {"cluster": "c0123", "token_env": "TOKEN"}, "token_env: has no use without `endpoint` on Alibaba Cloud"),
        ("aws", {"cluster": "web", "token_env": "A", "token_file": "/b"}, "token_file: has no use beside `token_env`"),
        ("aws", {"endpoint": "http://10.0.0.1", "token_env": "A"}, "endpoint: `http://10.0.0.1`: must be a text like https://"),
        ("aws", {"endpoint": "https://10.0.0.1/api", "token_env": "A"}, "endpoint: `https://10.0.0.1/api`: must be a text like https://"),
        ("aws", {"endpoint": "https://169.254.169.254", "token_env": "A"}, "endpoint: `https://169.254.169.254`: an address for instance"),
        (
            "aws",
            {"endpoint": "https://[fd00:ec2::254]:80", "token_env": "A"},
            "endpoint: `https://[fd00:ec2::254]:80`: an address for",
        ),
        ("aws", {"cluster": "a/b"}, "cluster: `a/b`: must be a text: the name of an EKS cluster"),
    ],
)
def test_what_settings_are_refused(cloud: str, settings: dict[str, object], problem: str | None) -> None:
    profile = {"name": "web", "match": {"cloud": cloud}, "checks": [{"kubernetes_node": settings}]}
    _, problems = config.judge({"version": 1, "profiles": [profile]})
    path = "profiles[0].checks[0].kubernetes_node"
    if problem is None:
        assert problems == []
    else:
        (line,) = problems
        assert line.removeprefix(path)[1:].lstrip().startswith(problem)
