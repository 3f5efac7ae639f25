"""Run by the Python of build/tools/cfn-lint: many templates in one process, since cfn-lint takes seconds to start.

Standard input: {name: template}. Standard output: {name: [[rule, message, path]]}, of errors and warnings.
"""

import json
import sys

from cfnlint.api import lint


def main() -> None:
    """Lint each as us-east-1 would read it."""
    found = {
        name: [
            [match.rule.id, match.message, "/".join(map(str, match.path or []))] for match in lint(json.dumps(one), regions=["us-east-1"])
        ]
        for name, one in json.load(sys.stdin).items()
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
