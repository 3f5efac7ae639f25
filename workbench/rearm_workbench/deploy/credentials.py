"""Whether there are credentials at all, in which region they work, and whose account they are. No secret is kept or said."""

import json
from collections.abc import Mapping
from pathlib import Path

from rearm.clouds.alibaba.settings import Credentials
from rearm.core.model import CLOUD_NAMES, CloudName
from rearm.errors import ConfigError
from rearm_workbench.deploy.model import Environment
from rearm_workbench.hooks.alibaba_credentials import named
from rearm_workbench.hooks.clouds import Clouds
from rearm_workbench.hooks.model import Place, Trouble

AWS_SOURCES = (
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
)
"""docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html, besides a pair of keys and the shared files."""
REGION_VARIABLES: dict[CloudName, tuple[str, ...]] = {
    "aws": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    "alibaba": ("ALIBABA_CLOUD_REGION_ID", "ALIBABA_CLOUD_REGION"),
}
ALIBABA_ID, ALIBABA_SECRET, ALIBABA_TOKEN = "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"


def missing(cloud: CloudName, environ: Mapping[str, str]) -> list[str]:
    """One line if nobody could sign a call; nothing is asked of the cloud."""
    return _missing_aws(environ) if cloud == "aws" else _missing_alibaba(environ)


def wrong_region(cloud: CloudName, environment: Environment, environ: Mapping[str, str]) -> list[str]:
    """One line for each variable that names another region than the environment."""
    region = environment.region(cloud)
    return [
        f"{name} is `{environ[name]}`, {environment.env} is for {region} ({cloud}.region): unset it, or choose another environment"
        for name in REGION_VARIABLES[cloud]
        if environ.get(name) not in (None, "", region)
    ]


def account(cloud: CloudName, environment: Environment, environ: Mapping[str, str]) -> str:
    """The account of the credentials, asked of the cloud's STS; empty if it does not answer."""
    profile = _profile(environ) if cloud == "alibaba" and not environ.get(ALIBABA_ID) else ""
    return Clouds({}).account(Place(cloud=cloud, region=environment.region(cloud), group="", credentials=profile))


def wrong_account(cloud: CloudName, environment: Environment, found: str) -> list[str]:
    """One line if the credentials cannot be those of the environment's account."""
    wanted = environment.account(cloud)
    if not found:
        return [f"the credentials do not work: {CLOUD_NAMES[cloud]} does not say whose they are (sts:GetCallerIdentity)"]
    if wanted and found != wanted:
        return [f"the credentials are of account {found}, {environment.env} is for {wanted} ({cloud}.account): use others"]
    return []


def alibaba(environ: Mapping[str, str]) -> Credentials:
    """Those that `missing` found. Raises ConfigError in one line."""
    if environ.get(ALIBABA_ID):
        return Credentials(environ[ALIBABA_ID], environ.get(ALIBABA_SECRET, ""), environ.get(ALIBABA_TOKEN, ""))
    try:
        return named(_profile(environ))
    except Trouble as trouble:
        raise ConfigError([str(trouble)]) from None


def _missing_aws(environ: Mapping[str, str]) -> list[str]:
    if environ.get("AWS_ACCESS_KEY_ID"):
        return [] if environ.get("AWS_SECRET_ACCESS_KEY") else ["AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not: set both"]
    home = Path(environ.get("HOME") or Path.home())
    files = (
        Path(environ.get("AWS_SHARED_CREDENTIALS_FILE") or home / ".aws" / "credentials"),
        Path(environ.get("AWS_CONFIG_FILE") or home / ".aws" / "config"),
    )
    if any(environ.get(name) for name in AWS_SOURCES) or any(path.is_file() for path in files):
        return []
    return ["no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws configure`"]


def _missing_alibaba(environ: Mapping[str, str]) -> list[str]:
    if environ.get(ALIBABA_ID):
        return [] if environ.get(ALIBABA_SECRET) else [f"{ALIBABA_ID} is set and {ALIBABA_SECRET} is not: set both"]
    profile = _profile(environ)
    if not profile:
        return [f"no Alibaba Cloud credentials: set {ALIBABA_ID} and {ALIBABA_SECRET}, or ALIBABA_CLOUD_PROFILE, or run `aliyun configure`"]
    try:
        named(profile)
    except Trouble as trouble:
        return [f"the profile `{profile}` of the aliyun command cannot be used: {str(trouble).removeprefix(f'`credentials: {profile}`: ')}"]
    return []


def _profile(environ: Mapping[str, str]) -> str:
    """The profile of the `aliyun` command that is to be used; empty if there is none."""
    if environ.get("ALIBABA_CLOUD_PROFILE"):
        return environ["ALIBABA_CLOUD_PROFILE"]
    home = Path(environ.get("HOME") or Path.home())
    try:
        path = Path(environ.get("ALIBABA_CLOUD_CONFIG_FILE") or home / ".aliyun" / "config.json")
        current = json.loads(path.read_text(encoding="utf-8")).get("current", "")
    except (OSError, ValueError, AttributeError):
        return ""
    return current if isinstance(current, str) else ""
