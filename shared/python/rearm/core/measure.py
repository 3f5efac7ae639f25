"""What alarms and dashboards count of a look: fields of its log line, beside the texts that are for people.

The descriptions' metric filters read these names (template.yml, docs/deploy-sam.md): a field that is not there is not counted.
"""

from rearm.core.model import Wait


def measures(came: Wait, at: float, acted_at: float | None, *, held: bool, by_budget: bool) -> dict[str, object]:
    """Of a look that came at `at` with the wait `came`, and first asked the cloud to extend or end it at `acted_at`, if it did.

    `late_s`: how long after its hour the look came; only of looks that a timer brought. `left_when_acted_s`: in how many seconds the wait
    would have lapsed when it was extended or ended, negative if it had. `budget_ended`: the time-out answer was given.
    """
    found: dict[str, object] = {}
    if came.due_at and not held:
        found["late_s"] = max(0, round(at - came.due_at))
    if acted_at is not None:
        found["left_when_acted_s"] = round(came.lapses_at - acted_at)
    return found | ({"budget_ended": True} if by_budget else {})
