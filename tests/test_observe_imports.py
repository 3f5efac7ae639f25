"""Checks run side by side, and their first imports with them: none of these may wait for another."""

import subprocess
import sys

LOOK = """
import sys, threading
from rearm import config, observe
from rearm.core.model import Action, Wait
from rearm.core.limits import ALIBABA

start = threading.Thread.start
def told(thread):
    print("http.client" in sys.modules)
    start(thread)
threading.Thread.start = told

class Cloud:
    name, limits = "alibaba", ALIBABA
    def remaining_s(self):
        return 60.0

action = Action("alibaba", "h", "t", ("i-1",), transition="launch")
before = "http.client" in sys.modules
observe.observe(Wait(action, 0.0, 60.0), config.load().profile_for(action), Cloud())
print(before)
"""


def test_http_client_is_imported_before_the_checks_threads_start() -> None:
    """The SDK of Alibaba Cloud imports it under the lock of all imports (its `six` is a finder), the `http` check without: each then waits
    for the other, and the invocation for its time-out. Seen when a cold start met both checks."""
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
