"""Where each product is served. Known by rule: a look-up service would cost a call at every cold start.

Sources: the endpoint maps of the published SDKs alibabacloud-ess20220222 and alibabacloud-ecs20140526; Function Compute,
"Endpoints": `{account}.{region}.fc.aliyuncs.com` serves both API versions, `fcv3.{region}.aliyuncs.com` FC 3.0.
"""

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

_CENTRAL = frozenset(
    {
        "ap-southeast-1",
        "cn-beijing",
        "cn-hangzhou",
        "cn-hongkong",
        "cn-qingdao",
        "cn-shanghai",
        "cn-shenzhen",
        "us-east-1",
        "us-west-1",
        "cn-shanghai-finance-1",
        "cn-shenzhen-finance-1",
    }
)
_CENTRAL_APART = frozenset(
    {"cn-beijing-finance-pop", "cn-beijing-gov-1", "cn-hangzhou-finance", "cn-hongkong-finance-pop", "cn-north-2-gov-1"}
)


class Endpoint(NamedTuple):
    """`scheme` is http or https; `host` may carry a port."""

    scheme: str
    host: str

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}"

    @property
    def is_loopback(self) -> bool:
        name = urlsplit(self.url).hostname or ""
        return name == "localhost" or name == "::1" or name.startswith("127.")


def parse_endpoint(text: str) -> Endpoint:
    """`host`, `host:port`, `http://…` or `https://…`. Without a scheme: https, but http on the loopback. Raises ValueError."""
    scheme, separator, rest = text.partition("://")
    host = (rest if separator else text).rstrip("/")
    if not host or any(character in host for character in "/?#@ \t") or (separator and scheme not in ("http", "https")):
        raise ValueError(f"is {text!r}: write host, host:port, http://host:port or https://host")
    if separator:
        return Endpoint(scheme, host)
    return Endpoint("http" if Endpoint("http", host).is_loopback else "https", host)


def ess_endpoint(region: str) -> Endpoint:
    """The public ESS endpoint; inside a VPC set `ess-vpc.{region}.aliyuncs.com` by `REARM_ENDPOINT_ESS`."""
    central = region in _CENTRAL or region in _CENTRAL_APART
    return Endpoint("https", "ess.aliyuncs.com" if central else f"ess.{region}.aliyuncs.com")


def ecs_endpoint(region: str) -> Endpoint:
    """The public ECS endpoint."""
    if region in _CENTRAL_APART:
        return Endpoint("https", "ecs.aliyuncs.com")
    return Endpoint("https", "ecs-cn-hangzhou.aliyuncs.com" if region in _CENTRAL else f"ecs.{region}.aliyuncs.com")


def _regional(product: str) -> Callable[[str], Endpoint]:
    """The rule that the published SDKs call `regional`."""
    return lambda region: Endpoint("https", f"{product}.{region}.aliyuncs.com")


def slb_endpoint(region: str) -> Endpoint:
    """The public endpoint of Classic Load Balancer (CLB)."""
    central = region in _CENTRAL or region in _CENTRAL_APART
    return Endpoint("https", "slb.aliyuncs.com" if central else f"slb.{region}.aliyuncs.com")


def oss_endpoint(region: str) -> Endpoint:
    """The public OSS endpoint; the same region's internal one is `oss-{region}-internal.aliyuncs.com`."""
    return Endpoint("https", f"oss-{region}.aliyuncs.com")


def fc_endpoint(account: str, region: str) -> Endpoint:
    """Function Compute: by account where that is known, else the endpoint of FC 3.0."""
    return Endpoint("https", f"{account}.{region}.fc.aliyuncs.com" if account else f"fcv3.{region}.aliyuncs.com")


def mns_endpoint(account: str, region: str) -> Endpoint:
    """The public endpoint of SMQ (MNS). For the one inside a VPC, which the console shows, set `REARM_ENDPOINT_MNS`.

    alibabacloud.com/help/en/mns/developer-reference/request-protocol-description.
    """
    return Endpoint("https", f"{account}.mns.{region}.aliyuncs.com")


BY_REGION: dict[str, Callable[[str], Endpoint]] = {
    "ess": ess_endpoint,
    "ecs": ecs_endpoint,
    "slb": slb_endpoint,
    "alb": _regional("alb"),
    "nlb": _regional("nlb"),
    "cms": _regional("metrics"),
    "cs": _regional("cs"),
    "kms": _regional("kms"),
    "oos": _regional("oos"),
    "oss": oss_endpoint,
}
"""Where each product is served, by region. `REARM_ENDPOINT_<PRODUCT>` says otherwise."""

BY_ACCOUNT: dict[str, Callable[[str, str], Endpoint]] = {"fc": fc_endpoint, "mns": mns_endpoint}
"""The same for what is served by account and region."""
