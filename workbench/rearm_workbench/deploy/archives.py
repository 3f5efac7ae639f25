"""Whether the archives in build/package are there, whole, and those of this environment and of the sources as they are now."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from rearm.core.model import CloudName
from rearm.errors import ConfigError
from rearm_workbench.deploy.model import Environment
from rearm_workbench.packaging import manifest

PACKAGE = Path("build") / "package"


@dataclass(frozen=True)
class Archive:
    """One that a tool deploys. `bytes` 0 and no `sha256`: it is not built."""

    name: str
    sha256: str = ""
    bytes: int = 0


def built(root: Path, cloud: CloudName, names: tuple[str, ...]) -> tuple[Archive, ...]:
    """What the files are now."""
    return tuple(_archive(root / PACKAGE / cloud / name) for name in names)


def problems(root: Path, cloud: CloudName, environment: Environment, names: tuple[str, ...]) -> list[str]:
    """One line for each reason not to deploy them."""
    place = PACKAGE / cloud
    again = f"run `make package ENV={environment.env} CLOUD={cloud}`"
    found = built(root, cloud, names)
    absent = [f"{place / one.name} is not built: {again}" for one in found if not one.sha256]
    if absent:
        return absent
    try:
        told = manifest.read(root / place)
    except ConfigError:
        return [f"{place / manifest.NAME} is missing or broken: {again}"]
    wanted = {"environment": environment.env, "python": environment.python(cloud), "architecture": environment.architecture(cloud)}
    lines = [
        f"{place} is built for {key} {getattr(told, key)}, {environment.env} needs {value}: {again}"
        for key, value in wanted.items()
        if getattr(told, key) != value
    ]
    for one in found:
        if one.name not in told.archives or told.archives[one.name].sha256 != one.sha256:
            lines.append(f"{place / one.name} is not the file that its {manifest.NAME} tells of: {again}")
    if not lines and told.sources != manifest.digest(root, cloud, environment.compiled()):
        lines.append(f"{place} is older than the sources or the configuration: {again}")
    return lines


def _archive(path: Path) -> Archive:
    try:
        content = path.read_bytes()
    except OSError:
        return Archive(path.name)
    return Archive(path.name, hashlib.sha256(content).hexdigest(), len(content))
