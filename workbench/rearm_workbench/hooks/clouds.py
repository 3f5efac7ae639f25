"""Who answers for a place: the adapters of both clouds, made once for each region and set of credentials, and whose account that is."""

import os
from collections.abc import Mapping

from rearm.clouds.alibaba.endpoints import parse_endpoint
from rearm.core.model import CloudName
from rearm_workbench.hooks.alibaba import Alibaba
from rearm_workbench.hooks.aws import Aws
from rearm_workbench.hooks.model import Found, HookCloud, Place, Trouble


class Clouds:
    """`endpoints` maps a cloud to the URL that replaces its real endpoints."""

    def __init__(self, endpoints: Mapping[CloudName, str]) -> None:
        self._endpoints = _of_environment(os.environ) | dict(endpoints)
        self._made: dict[tuple[str, str, str], HookCloud] = {}
        self._accounts: dict[tuple[str, str], str] = {}

    def endpoint(self, place: Place) -> str:
        """The URL in the place of the real endpoints, or nothing."""
        return self._endpoints.get(place.cloud, "")

    def of(self, place: Place) -> HookCloud:
        """The adapter for a place."""
        key = (place.cloud, place.region, place.credentials)
        if key not in self._made:
            make = Aws if place.cloud == "aws" else Alibaba
            self._made[key] = make(place.region, place.credentials, self.endpoint(place))
        return self._made[key]

    def account(self, place: Place) -> str:
        """The account of the credentials that are used there; empty if it cannot be asked for."""
        key = (place.cloud, place.credentials)
        if key not in self._accounts:
            self._accounts[key] = self.of(place).account()
        return self._accounts[key]

    def hooks(self, place: Place) -> list[Found]:
        """The group's hooks. Raises `Trouble`, also for credentials of another account than the file's."""
        actual = self.account(place) if place.account else ""
        if actual and actual != place.account:
            advice = "use others, or name a profile with `credentials`"
            raise Trouble(f"the credentials are of account {actual}, the file says {place.account}: {advice}")
        return self.of(place).hooks(place.group)


def _of_environment(environ: Mapping[str, str]) -> dict[CloudName, str]:
    """What the SDKs and the functions take for their endpoints. A real endpoint inside a VPC is no other cloud: `alibaba` knows it."""
    found: dict[CloudName, str] = {}
    if environ.get("AWS_ENDPOINT_URL"):
        found["aws"] = environ["AWS_ENDPOINT_URL"].rstrip("/")
    try:
        ess = parse_endpoint(environ.get("REARM_ENDPOINT_ESS", ""))
    except ValueError:
        return found
    return found | ({"alibaba": ess.url} if ess.is_loopback else {})
