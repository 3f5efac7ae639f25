"""What the adapter needs to know of its surroundings: credentials, region, endpoints, the recheck function.

The environment comes first, then the FC context: Python 3.10 has `credentials` and `service` there, 3.12 has neither
(help.aliyun.com, Function Compute, Python handlers).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from rearm.clouds.alibaba.endpoints import BY_ACCOUNT, BY_REGION, Endpoint, parse_endpoint
from rearm.errors import ConfigError

FC2 = "2016-08-15"
FC3 = "2023-03-30"


class Credentials(msgspec.Struct, frozen=True):
    """Temporary credentials of the function's role: valid 36 hours, so they are read for each invocation."""

    access_key_id: str
    access_key_secret: str
    security_token: str = ""

    def __repr__(self) -> str:
        return "Credentials(***)"


class Settings(msgspec.Struct, frozen=True):
    """One invocation's surroundings. An empty string is a setting that nobody gave."""

    credentials: Credentials
    region: str
    account: str
    fc_api: str
    fc_service: str
    recheck_function: str
    endpoints: dict[str, str]
    """`REARM_ENDPOINT_ESS`, `_ECS`, `_FC` and so on, as they were given."""

    def check(self) -> None:
        """Raises `ConfigError` with every problem at once."""
        problems = list(self._problems())
        if problems:
            raise ConfigError(problems)

    def endpoint(self, product: str, region: str = "") -> Endpoint:
        """Where `ess`, `fc` or another product is served: as set, else the public endpoint of the region."""
        given = self.endpoints.get(product, "")
        if given:
            return parse_endpoint(given)
        region = region or self.region
        return BY_ACCOUNT[product](self.account, region) if product in BY_ACCOUNT else BY_REGION[product](region)

    def _problems(self) -> list[str]:
        problems = []
        if not (self.credentials.access_key_id and self.credentials.access_key_secret):
            problems.append(
                "no credentials: give the function a role "
                "(neither ALIBABA_CLOUD_ACCESS_KEY_ID with ALIBABA_CLOUD_ACCESS_KEY_SECRET nor context.credentials is set)"
            )
        if not self.region:
            problems.append("no region: neither context.region nor FC_REGION is set")
        if self.fc_api not in (FC2, FC3):
            problems.append(f"REARM_FC_API is {self.fc_api!r}: write {FC3} (FC 3.0) or {FC2} (FC 2.0)")
        if self.fc_api == FC2 and not self.account and not self.endpoints["fc"]:
            problems.append("no account id for FC 2.0: neither context.account_id nor FC_ACCOUNT_ID is set; or set REARM_ENDPOINT_FC")
        for product, given in self.endpoints.items():
            if given:
                try:
                    parse_endpoint(given)
                except ValueError as error:
                    problems.append(f"REARM_ENDPOINT_{product.upper()} {error}")
        return problems


def read_settings(context: Any, environ: Mapping[str, str]) -> Settings:
    """Settings from the environment and the FC context. Nothing is refused here: see `Settings.check`."""
    service = _text(context, "service", "name")
    default_api = FC2 if environ.get("FC_SERVICE_NAME") or service else FC3
    return Settings(
        credentials=_credentials(context, environ),
        region=_text(context, "region") or environ.get("FC_REGION", ""),
        account=_text(context, "account_id") or environ.get("FC_ACCOUNT_ID", ""),
        fc_api=(fc_api := environ.get("REARM_FC_API") or default_api),
        fc_service=environ.get("REARM_FC_SERVICE") or environ.get("FC_SERVICE_NAME") or service or "rearm",
        recheck_function=environ.get("REARM_RECHECK_FUNCTION") or ("recheck" if fc_api == FC2 else "rearm-recheck"),
        endpoints={product: environ.get(f"REARM_ENDPOINT_{product.upper()}", "").strip() for product in (*BY_REGION, *BY_ACCOUNT)},
    )


def _credentials(context: Any, environ: Mapping[str, str]) -> Credentials:
    if environ.get("ALIBABA_CLOUD_ACCESS_KEY_ID"):
        return Credentials(
            environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],
            environ.get("ALIBABA_CLOUD_ACCESS_KEY_SECRET", ""),
            environ.get("ALIBABA_CLOUD_SECURITY_TOKEN", ""),
        )
    names = ("access_key_id", "access_key_secret", "security_token")
    return Credentials(*(_text(context, "credentials", name) for name in names))


def _text(value: Any, *names: str) -> str:
    """An attribute of an attribute, as text; empty if any of them is missing or None."""
    for name in names:
        value = getattr(value, name, None)
    return "" if value is None else str(value)
