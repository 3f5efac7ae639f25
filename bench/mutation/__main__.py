"""The campaign: `make mutate`. While working: `PYTHONPATH=build/mutation .venv/bin/python bench/mutation MODULE` for one module only."""

import argparse
import sys
import time

import campaign
import page


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/mutation", description=__doc__)
    parser.add_argument("module", nargs="?", default="", help="only the core's modules with this in their name; writes no page")
    pattern = parser.parse_args().module
    began = time.monotonic()
    with campaign.copy_of_the_tree():
        todo = campaign.collect(pattern)
        if not todo:
            parser.error(f"no module of the core has `{pattern}` in its name")
        cpu_s = campaign.real_code_s()
        print(f"{len(todo)} mutants; the tests take {cpu_s:.1f} s on the code as it is", flush=True)
        outcomes = campaign.run(todo, cpu_s, lambda done, one: _tell(done, len(todo), one))
    wrong = page.disagreements(outcomes)
    for line in wrong:
        print(line)
    reached = page.score(outcomes)
    print(f"{reached:.1f} % of {len(outcomes)} mutants noticed, in {time.monotonic() - began:.0f} s; wanted: {page.WANTED_PERCENT:g} %")
    if not pattern and not wrong:
        page.write(outcomes)
    return int(bool(wrong) or reached < page.WANTED_PERCENT)


def _tell(done: int, of: int, one: campaign.Outcome) -> None:
    if one.end == "survived":
        mutant = one.mutant
        print(f"{done}/{of} survived: {mutant.module}.py:{mutant.line} {mutant.where}: `{mutant.before}` -> `{mutant.after}`", flush=True)
    elif done % 100 == 0:
        print(f"{done}/{of}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
