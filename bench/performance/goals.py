"""What has to hold: ratios of medians, each from one run."""

from dataclasses import dataclass

from contenders import BY_HAND, GENERATED, POWERTOOLS, REARM
from hour import NAMES
from letting_go import ALIBABA_LINGERS, AWS_LINGERS, LATE
from results import Results, spread


@dataclass(frozen=True)
class Goal:
    """`row` against `against` (empty: the figure itself) of `table` is at most, or at least, `bound`."""

    what: str
    table: str
    row: str
    against: str
    bound: float
    at_least: bool = False
    worst: bool = False
    """The largest sample, not the median."""

    def found(self, results: Results) -> float | None:
        """None if it was not measured."""
        table = results.table(self.table)
        if table is None or not {self.row, self.against or self.row} <= set(table.rows):
            return None
        one = table.ratio(self.row, self.against) if self.against else spread(table.rows[self.row])
        return one.high if self.worst else one.median

    def holds(self, found: float) -> bool:
        return found >= self.bound if self.at_least else found <= self.bound


GOALS = (
    Goal("cold start on AWS, ready, against boto3 by hand", "cold.aws-ready", REARM, BY_HAND, 0.55),
    Goal("cold start on AWS, waiting, against boto3 by hand", "cold.aws-waiting", REARM, BY_HAND, 0.55),
    Goal("cold start on AWS, ready, against Powertools", "cold.aws-ready", REARM, POWERTOOLS, 0.33),
    Goal("cold start on AWS, waiting, against Powertools", "cold.aws-waiting", REARM, POWERTOOLS, 0.33),
    Goal("cold start on Alibaba Cloud, ready, against the generated client", "cold.alibaba-ready", REARM, GENERATED, 0.40),
    Goal("cold start on Alibaba Cloud, waiting, against the generated client", "cold.alibaba-waiting", REARM, GENERATED, 0.40),
    Goal("CPU of a warm look on AWS, against boto3 by hand", "warm.aws-cpu", REARM, BY_HAND, 1.0),
    Goal("CPU of a warm look on Alibaba Cloud, against the generated client", "warm.alibaba-cpu", REARM, GENERATED, 1.0),
    Goal("CPU of a warm look with one HTTP check, against boto3 by hand", "warm.http-cpu", f"{REARM}, 1", f"{BY_HAND}, 1", 1.0),
    Goal("CPU of a warm look with 20 HTTP checks, against boto3 by hand", "warm.http-cpu", f"{REARM}, 20", f"{BY_HAND}, 20", 1.0),
    Goal("CPU of the 3rd to the 20th check, against the second", "warm.http-next", "each of the next 18", "the second check", 1.0),
    Goal("peak memory on AWS, against boto3 by hand", "memory.aws", REARM, BY_HAND, 0.75),
    Goal("peak memory on Alibaba Cloud, against the generated client", "memory.alibaba", REARM, GENERATED, 0.75),
    Goal("archives on AWS, MB", "size.aws-packed", REARM, "", 12),
    Goal("archives on Alibaba Cloud, MB", "size.alibaba-packed", REARM, "", 12),
    Goal("calls of a waiting hour beyond those that it takes, AWS", "hour.beyond", NAMES["aws"], "", 0),
    Goal("calls of a waiting hour beyond those that it takes, Alibaba Cloud", "hour.beyond", NAMES["alibaba"], "", 0),
    Goal("heartbeats of a waiting hour, against the least, AWS", "hour.heartbeats", NAMES["aws"], "", 1),
    Goal("heartbeats of a waiting hour, against their share, Alibaba Cloud", "hour.heartbeats", NAMES["alibaba"], "", 1),
    Goal("seconds from ready to completed, at worst: the interval and a minute", "letting_go.seconds", LATE, "", 120, worst=True),
    Goal("the same on AWS with linger 10 s", "letting_go.seconds", AWS_LINGERS, "", 10, worst=True),
    Goal("the same on Alibaba Cloud with linger 10 s", "letting_go.seconds", ALIBABA_LINGERS, "", 10, worst=True),
    Goal("simulator on AWS, waits of 20 looks a second on one core", "simulator.fast", "rearm, AWS", "", 500, at_least=True),
    Goal("simulator on Alibaba Cloud, the same", "simulator.fast", "rearm, Alibaba Cloud", "", 500, at_least=True),
    Goal("CPU of the simulator for each of 100,000 waits, against 1,000", "growth.simulator", "100,000 waits", "1,000 waits", 1.15),
    Goal("peak memory of the simulator, 100,000 waits against 10,000", "growth.simulator-memory", "100,000 waits", "10,000 waits", 1.3),
    Goal("CPU of the simulator for each of a million waits, against 10,000", "growth.million", "1,000,000 waits", "10,000 waits", 1.15),
    Goal("peak memory of the simulator, a million waits against 10,000", "growth.million-memory", "1,000,000 waits", "10,000 waits", 1.3),
)
