"""`rearm simulate`: many runs, or one with its trace."""

import json
import random
import re
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from rearm.core.model import CloudName
from rearm.errors import ConfigError
from rearm_workbench.inputs import refused
from rearm_workbench.simulator import campaign
from rearm_workbench.simulator.campaign import Asked, Outcome
from rearm_workbench.simulator.invariants import Broken
from rearm_workbench.simulator.scenario import FAULTS, PASSING, Scenario, draw
from rearm_workbench.simulator.simulation import Simulation

RUNS = 1000
RUN_NAME = re.compile(r"(?P<seed>[A-Za-z0-9-]{1,40})(?::(?P<number>[0-9]{1,9}))?")
GROUPS: dict[str, frozenset[str]] = {"all": frozenset(FAULTS), "none": frozenset(), "calls": PASSING}


def simulate(
    runs: Annotated[int, typer.Option("--runs", "-n", min=1, help="How many worlds.")] = RUNS,
    seed: Annotated[str | None, typer.Option("--seed", help="The seed; SEED:NUMBER plays one world again. Default: a new one.")] = None,
    cloud: Annotated[Literal["aws", "alibaba"] | None, typer.Option("--cloud", help="One cloud only.")] = None,
    faults: Annotated[
        str,
        typer.Option(
            "--faults", help="Which may happen: names with commas, all, none or calls; a - in front leaves one out. 'list' prints them."
        ),
    ] = "all",
    full: Annotated[bool, typer.Option("--full", help="Through the real SDKs and the emulators: slower, the same timelines.")] = False,
    trace: Annotated[bool, typer.Option("--trace", help="Print the timeline of one world.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Run the deployed code in virtual time under faults, and check what must always hold."""
    if faults == "list":
        for name, what in FAULTS.items():
            typer.echo(f"{name:<20} {what}")
        return
    with refused():
        name, number = _seed(seed)
        clouds: tuple[CloudName, ...] = (cloud,) if cloud else ("aws", "alibaba")
        asked = Asked(name, runs, clouds, _faults(faults), full)
    if number is not None:
        code = _one(asked, f"{name}:{number}", trace=trace, as_json=as_json)
    elif trace:
        code = _one(asked, f"{name}:0", trace=True, as_json=as_json)
    else:
        code = _many(asked, faults, cloud, as_json=as_json)
    if code:
        raise typer.Exit(code)


def _seed(given: str | None) -> tuple[str, str | None]:
    if given is None:
        return str(random.SystemRandom().randrange(10**6, 10**7)), None
    found = RUN_NAME.fullmatch(given)
    if found is None:
        raise ConfigError([f"--seed {given}: write letters and digits, e.g. 7, or 7:123 for one world"])
    return found["seed"], found["number"]


def _faults(text: str) -> frozenset[str]:
    allowed: frozenset[str] = frozenset()
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names and names[0].startswith("-"):
        allowed = GROUPS["all"]
    for name in names:
        bare = name.removeprefix("-")
        if bare not in FAULTS and bare not in GROUPS:
            raise ConfigError([f"--faults {name}: there is no such fault; `rearm simulate --faults list` prints them all"])
        meant = GROUPS.get(bare, frozenset([bare]))
        allowed = allowed - meant if name.startswith("-") else allowed | meant
    return allowed


def _many(asked: Asked, faults: str, cloud: str | None, *, as_json: bool) -> int:
    console = Console(highlight=False)
    again = f"rearm simulate --seed {asked.seed} --runs {asked.runs}{_options(asked, faults, cloud)}"
    if not as_json:
        console.print(f"seed {asked.seed}: {asked.runs:,} worlds (again: {again})", soft_wrap=True)
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task("")
        outcome = campaign.simulate(asked, lambda done: bar.update(task, description=f"{done:,} of {asked.runs:,} worlds"))
    if as_json:
        typer.echo(json.dumps(_as_json(asked, outcome)))
    else:
        _print(console, outcome)
    for failure in [] if as_json else outcome.failures[:5]:
        console.print(f"BROKEN in world {failure.run}: {failure.what}", soft_wrap=True, markup=False)
        console.print(f"  it needs: {', '.join(failure.faults) or 'no fault at all'}", soft_wrap=True)
        replay = f"rearm simulate --seed {failure.run} --trace{_options(asked, faults, cloud)}"
        console.print(f"  see it: {replay}", soft_wrap=True)
    return 1 if outcome.failures else 0


def _options(asked: Asked, faults: str, cloud: str | None) -> str:
    parts = [f" --cloud {cloud}" if cloud else "", f" --faults {faults}" if faults != "all" else "", " --full" if asked.full else ""]
    return "".join(parts)


def _print(console: Console, outcome: Outcome) -> None:
    hours = outcome.virtual_s / 3600
    regimes = ", ".join(f"{name} {count:,}" for name, count in sorted(outcome.regimes.items()))
    ends = ", ".join(f"{count:,} {name}" for name, count in outcome.ends.most_common())
    console.print(f"{outcome.runs:,} worlds ({regimes}), {hours:,.0f} hours of cloud time in {outcome.took_s:.0f} s")
    console.print(f"{outcome.waits:,} waits: {ends}", soft_wrap=True)
    console.print(f"{outcome.looks:,} looks, {outcome.calls:,} calls, {outcome.struck:,} faults that struck a wait")
    if outcome.failures:
        console.print(f"{len(outcome.failures):,} worlds in which an invariant does not hold")
    else:
        console.print("every invariant held in every world")


def _as_json(asked: Asked, outcome: Outcome) -> dict[str, object]:
    told: dict[str, object] = {"seed": asked.seed, "full": asked.full, "ok": not outcome.failures}
    for name in ("runs", "waits", "looks", "calls", "struck"):
        told[name] = getattr(outcome, name)
    told |= {"cloud_seconds": round(outcome.virtual_s), "took_seconds": round(outcome.took_s, 1)}
    told |= {"ends": dict(outcome.ends), "regimes": dict(outcome.regimes)}
    told["broken"] = [{"world": one.run, "what": one.what, "faults": list(one.faults)} for one in outcome.failures]
    return told


def _one(asked: Asked, run: str, *, trace: bool, as_json: bool) -> int:
    """One world, with all that happened in it."""
    simulation = Simulation(draw(run, asked.clouds, asked.faults), trace=True)
    broken = ""
    try:
        with campaign.surroundings(full=asked.full):
            campaign.play(simulation, full=asked.full)
    except Broken as found:
        broken = str(found)
    timeline = simulation.trace or []
    if as_json:
        steps = [{"at_s": at, "what": what} for at, what in timeline] if trace else []
        typer.echo(json.dumps({"world": run, "ok": not broken, "broken": broken or None, "timeline": steps}))
        return 1 if broken else 0
    typer.echo(_about(simulation.scenario))
    for at, what in timeline if trace else []:
        typer.echo(f"{at:12.1f}  {what}")
    typer.echo(f"BROKEN: {broken}" if broken else "every invariant held")
    return 1 if broken else 0


def _about(scenario: Scenario) -> str:
    lines = [
        f"world {scenario.seed}: {scenario.cloud} through {scenario.doorway}, {scenario.regime} weather",
        f"  faults: {', '.join(sorted(scenario.faults)) or 'none'}",
    ]
    if scenario.sweep_s:
        lines.append(f"  a sweep each {scenario.sweep_s} s")
    for number, plan in enumerate(scenario.waits):
        ready = ", ".join("never ready" if one.ready_s is None else f"ready after {one.ready_s:.0f} s" for one in plan.instances)
        budget = f", budget {plan.pace.budget_s} s" if plan.pace.budget_s else ""
        lines.append(f"  wait {number}: {plan.transition}, hook {plan.timeout_s} s, a look each {plan.pace.every_s} s{budget}; {ready}")
    return "\n".join(lines)
