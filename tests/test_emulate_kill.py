"""The kill campaign in short (`make kill-campaign` is the long one): two kills where they hurt most, two waits."""

from pathlib import Path

import pytest

from campaigns.kill_campaign import Plan, run
from campaigns.kill_plan import Kill
from campaigns.kill_scenarios import Planned, Scenario


@pytest.mark.slow
def test_whoever_is_killed_every_wait_ends_as_it_should(tmp_path: Path) -> None:
    """After a heartbeat that was not answered, so before its recheck is set; and after a completion of which nobody was told."""
    aws = Scenario("ready", "aws", "direct", "launch", 300, "ready", (0, 0), "CONTINUE", "ABANDON", least_heartbeats=1)
    alibaba = Scenario("ready", "alibaba", "topic", "launch", 300, "ready", (0, 0), "CONTINUE", "ABANDON", instances=2, least_heartbeats=1)
    waits = [Planned("w-aws", aws, 0, 400), Planned("w-alibaba", alibaba, 10, 400)]
    kills = [
        Kill(1, "heartbeat-answer", 2, "frozen", 0, 0, False, 0),
        Kill(2, "complete-answer", 1, "whole", 0, 0, True, 0),
    ]
    fallen, verdicts = run(Plan(1, [waits], kills), tmp_path)
    assert [kill.fell for kill in fallen] == ["heartbeat-answer", "complete-answer"]
    assert [(verdict.result, verdict.by) for verdict in verdicts] == [("CONTINUE", "client")] * 2
