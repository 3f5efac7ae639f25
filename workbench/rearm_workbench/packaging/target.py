"""What the archives are for, and where the functions find themselves there."""

from dataclasses import dataclass
from typing import Literal

from rearm.core.model import CloudName

Architecture = Literal["x86_64", "arm64"]

LAYER_ROOT = "/opt"
"""Layers unpack here on both clouds, and `python` in it is on the path: docs.aws.amazon.com/lambda/latest/dg/python-layers.html,
alibabacloud.com/help/en/functioncompute/fc/user-guide/create-a-custom-layer."""
CODE_ROOT: dict[CloudName, str] = {"aws": "/var/task", "alibaba": "/code"}
"""Where the functions' own archive unpacks."""
MACHINES: dict[Architecture, str] = {"x86_64": "x86_64", "arm64": "aarch64"}
"""As the names of wheels write it."""


@dataclass(frozen=True)
class Target:
    """`python` like "3.12"; `config_json` is the compiled configuration, which is shipped as `rearm.json`."""

    cloud: CloudName
    python: str
    architecture: Architecture
    environment: str
    config_json: bytes
