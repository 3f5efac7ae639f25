"""`make bench` and `make bench-check`. While working: `.venv/bin/python bench/performance --only cold --runs 3 --out /somewhere`."""

import argparse
import importlib
import platform
import sys
import time
from pathlib import Path

import layout
import page
import ratchet
import results
from stopwatch import Failed

from rearm.errors import ConfigError

MODULES = {one: {"simulator": "simulated", "emulator": "emulated"}.get(one, one) for one in page.SECTIONS}
JSON = Path("bench/performance.json")


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/performance", description=__doc__)
    parser.add_argument("--only", default="", help=f"sections, with commas: {', '.join(MODULES)}")
    parser.add_argument("--runs", type=int, default=results.RUNS, help="rounds; fewer than nine are shown, and written with --out only")
    parser.add_argument("--check", action="store_true", help="hold the quick sections against what is recorded; writes nothing")
    parser.add_argument("--out", type=Path, default=None, help="read and write below this folder instead of in the repository")
    options = parser.parse_args()
    sections = [one for one in options.only.split(",") if one] or list(ratchet.QUICK if options.check else MODULES)
    for one in sections:
        if one not in MODULES:
            parser.error(f"ONLY={options.only}: there is no section `{one}`; there is {', '.join(MODULES)}")
    if options.runs < 1:
        parser.error(f"RUNS={options.runs}: at least 1")
    recorded = (options.out or layout.ROOT) / JSON
    if options.check and not recorded.is_file():
        parser.error(f"{JSON} is not there, so there is nothing to hold the figures against: make bench")
    try:
        found = _measured(sections, options.runs)
    except (Failed, ConfigError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    print(page.text(found))
    if options.check:
        return _checked(found, results.read(recorded), sections)
    if options.runs < results.RUNS and options.out is None:
        print(f"not written: {options.runs} rounds are fewer than {results.RUNS}")
        return 0
    _write(found, options.out or layout.ROOT)
    return 0


def _measured(sections: list[str], runs: int) -> results.Results:
    found = results.Results()
    for section in sections:
        began = time.monotonic()
        found.put(section, importlib.import_module(MODULES[section]).measure(runs), _machine(section, runs))
        print(f"{section}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return found


def _machine(section: str, runs: int) -> dict[str, str]:
    models = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "when": time.strftime("%Y-%m-%d", time.gmtime()),
        "where": f"{len(models)} cores, {models[0]}" if models else platform.machine(),
        "rounds": "the same in every run" if section in results.COUNTED else f"{runs} rounds",
    }


def _checked(now: results.Results, before: results.Results, sections: list[str]) -> int:
    before.tables = {section: tables for section, tables in before.tables.items() if section in sections}
    lines = ratchet.worse(now, before)
    for line in lines:
        print(line)
    print(f"figures that got worse: {len(lines)}")
    return int(bool(lines))


def _write(found: results.Results, root: Path) -> None:
    """Sections that were not measured now stay as they were."""
    whole = results.read(root / JSON)
    for section in found.machines:
        whole.put(section, found.tables[section] | found.sheets[section], found.machines[section])
    results.write(whole, root / JSON)
    for name, content in page.written(results.read(root / JSON)).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    print(f"written: {root / JSON}, and docs/performance.md from it")


if __name__ == "__main__":
    sys.exit(main())
