"""Which looks are due or running: the asynchronous tasks of the recheck function, on either API of Function Compute.

Help pages "ListAsyncTasks" (FC 3.0) and "ListStatefulAsyncInvocations" (FC 2.0): by state and by prefix of the id, at most 100 a page.
"""

import functools
from collections.abc import Callable

from rearm.clouds.alibaba.calls import persist
from rearm.clouds.alibaba.settings import FC2, Settings
from rearm.core import grid

DUE = ("Enqueued", "Dequeued", "Running", "Retrying")
"""In the order in which a task goes through them: one that moves on while they are listed is still met."""
PAGE = 100


def tasks_due(settings: Settings, remaining_s: Callable[[], float]) -> frozenset[str]:
    """Identities of the waits with such a task. Raises `CallFailed`."""
    if settings.fc_api == FC2:
        from rearm.clouds.alibaba.invoke_fc2 import list_tasks
    else:
        from rearm.clouds.alibaba.invoke_fc3 import list_tasks
    found: set[str] = set()
    for state in DUE:
        token: str | None = None
        while token != "":
            ask = functools.partial(list_tasks, settings, prefix=grid.TIMER_PREFIX, state=state, limit=PAGE, token=token)
            ids, token = persist(ask, may_repeat=True, remaining_s=remaining_s)
            found.update(identity for task in ids if (identity := grid.identity_of(task)))
    return frozenset(found)
