"""What the person at the command line chose, judged."""

from rearm.core.model import CloudName
from rearm.core.profile import Config
from rearm.errors import ConfigError
from rearm_workbench.permissions.needs import clouds_of
from rearm_workbench.permissions.port import FcApi

NAMES: tuple[CloudName, ...] = ("aws", "alibaba")
FC_APIS: tuple[FcApi, ...] = ("2.0", "3.0")


def clouds(config: Config, cloud: str | None, file: str) -> list[CloudName]:
    """The clouds to print. Raises ConfigError for one that there is not, or that no profile of `file` is for."""
    of_config = clouds_of(config)
    if cloud is None:
        return of_config
    chosen = [name for name in NAMES if name == cloud]
    if not chosen:
        raise ConfigError([f"--cloud `{cloud}`: must be aws or alibaba"])
    if chosen[0] not in of_config:
        raise ConfigError([f"{file}: no profile is for {cloud}, so nothing is needed there"])
    return chosen


def fc_api(fc: str) -> FcApi:
    """Raises ConfigError."""
    for name in FC_APIS:
        if name == fc:
            return name
    raise ConfigError([f"--fc `{fc}`: must be 2.0 or 3.0"])
