"""Plays the sample notifications with `rearm replay`: the deployed handlers, the real SDKs, emulated clouds, virtual time."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import layout
from contenders import HOOKS
from stopwatch import Failed


def play(cloud: str, worlds: list[dict[str, object]], **cadence: str) -> list[dict[str, Any]]:
    """One wait for each world (docs/replay.md), as `rearm replay --json` tells it. One check, a look a minute, or as `cadence` says."""
    sample = layout.ROOT / HOOKS[cloud]
    with tempfile.TemporaryDirectory(prefix="rearm-bench-") as scratch:
        for number, world in enumerate(worlds):
            (Path(scratch) / f"{number:03}.json").write_bytes(sample.read_bytes())
            (Path(scratch) / f"{number:03}.world.yml").write_text(json.dumps(world))  # JSON is YAML
        config = Path(scratch) / "rearm.json.config.json"
        document = json.loads(layout.CONFIG)
        document["profiles"][0].update(cadence)
        config.write_text(json.dumps(document))
        files = [f"{scratch}/{number:03}.json" for number in range(len(worlds))]
        command = [str(Path(sys.executable).with_name("rearm")), "replay", "--json", "--config", str(config), *files]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
    if told.returncode:
        raise Failed(f"rearm replay ended with {told.returncode}: {told.stderr[-1000:]}")
    waits: list[dict[str, Any]] = json.loads(told.stdout)["waits"]
    return waits
