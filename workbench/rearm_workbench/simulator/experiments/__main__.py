"""`python -m rearm_workbench.simulator.experiments DIRECTORY`: plays all experiments and writes reliability.md and its picture there."""

import sys
from pathlib import Path

from rearm_workbench.simulator.experiments.page import PICTURE, page, picture
from rearm_workbench.simulator.experiments.rows import every_row
from rearm_workbench.simulator.experiments.run import measure


def main() -> int:
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        print("say in which directory reliability.md is to be written, e.g. docs", file=sys.stderr)  # noqa: T201 - a command's answer
        return 2
    docs = Path(sys.argv[1])
    found = measure(every_row())
    (docs / PICTURE).parent.mkdir(exist_ok=True)
    (docs / PICTURE).write_text(picture(found), encoding="utf-8")
    (docs / "reliability.md").write_text(page(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
