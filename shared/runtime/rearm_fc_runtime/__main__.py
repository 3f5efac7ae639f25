"""`python3 -m rearm_fc_runtime [HANDLER] [--initializer H] [--pre-stop H] [--pre-freeze H]`, each `module.function`."""

import os
import sys
from collections.abc import Sequence

from rearm_fc_runtime.invocation import INITIALIZE, PRE_FREEZE, PRE_STOP
from rearm_fc_runtime.process import Refused, run

HOOKS = {"--initializer": INITIALIZE, "--pre-stop": PRE_STOP, "--pre-freeze": PRE_FREEZE}


def parsed(arguments: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The handler, and those of hooks by kind. By hand: argparse is a tenth of a cold start. Raises `Refused`."""
    handler, hooks = "", {}
    rest = iter(arguments)
    for argument in rest:
        if argument in HOOKS:
            hooks[HOOKS[argument]] = next(rest, "")
            if not hooks[HOOKS[argument]]:
                raise Refused(f"{argument} wants a handler, `module.function`, after it")
        elif argument.startswith("-") or handler:
            raise Refused(f"`{argument}` is not understood: one handler, and {', '.join(HOOKS)}, each with its own")
        else:
            handler = argument
    handler = handler or os.environ.get("FC_FUNCTION_HANDLER", "")
    if not handler:
        raise Refused("which handler? Give `module.function`, or set FC_FUNCTION_HANDLER")
    return handler, hooks


def main() -> int:
    """The exit code: 143 after SIGTERM or a timeout, 2 if it could not start, else what the function ended its process with."""
    try:
        return run(*parsed(sys.argv[1:]))
    except Refused as refused:
        sys.stderr.write(f"rearm_fc_runtime: {refused}\n")
        return 2


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of the function, or of an SDK, must not keep a process alive that is to end.
    os._exit(code)
