"""Named credentials for Alibaba Cloud: the profiles of the `aliyun` command (`~/.aliyun/config.json`), modes AK and StsToken."""

import json
import os
from pathlib import Path

from rearm.clouds.alibaba.settings import Credentials
from rearm_workbench.hooks.model import Trouble


def named(name: str) -> Credentials:
    """The credentials of a profile. Raises `Trouble` in one line."""
    path = Path(os.environ.get("ALIBABA_CLOUD_CONFIG_FILE") or Path.home() / ".aliyun" / "config.json")
    try:
        profiles = json.loads(path.read_text(encoding="utf-8"))["profiles"]
        found = next((one for one in profiles if one.get("name") == name), None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise Trouble(f"`credentials: {name}`: {path} cannot be read as the configuration of the aliyun command") from None
    if found is None:
        raise Trouble(f"`credentials: {name}`: {path} has no such profile")
    if found.get("mode", "AK") not in ("AK", "StsToken"):
        raise Trouble(
            f"`credentials: {name}`: its mode is {found['mode']}; rearm reads AK and StsToken, or the environment without `credentials`"
        )
    texts = (str(found.get(key) or "") for key in ("access_key_id", "access_key_secret", "sts_token"))
    return Credentials(*texts)
