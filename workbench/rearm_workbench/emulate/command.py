"""`rearm emulate`."""

import json
import signal
import threading
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from rearm.errors import ConfigError
from rearm_workbench import inputs
from rearm_workbench.emulate import settings as options
from rearm_workbench.emulate.settings import Refused, Settings
from rearm_workbench.emulate.state_dir import StateProblem


class Heartbeat(str, Enum):
    """What a heartbeat does on Alibaba Cloud, whose pages do not say."""

    sets = "sets"
    adds = "adds"


class WhileDown(str, Enum):
    """What cloud time does while nobody serves a state directory."""

    passes = "passes"
    stands = "stands"


def emulate(
    alibaba: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where Alibaba Cloud is served. Port 0: a free one.")] = "127.0.0.1:0",
    aws: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where AWS is served. Port 0 takes a free one.")] = "127.0.0.1:0",
    speed: Annotated[float, typer.Option(metavar="N", help="Seconds of cloud time in a second. 60: a minute.")] = 1.0,
    state_dir: Annotated[Path | None, typer.Option(metavar="DIR", help="Keep both clouds and the clock there.")] = None,
    while_down: Annotated[
        WhileDown, typer.Option(help="Whether cloud time passes while nobody serves the state directory.")
    ] = WhileDown.passes,
    functions: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Handlers: DIR/aws/*.py and DIR/alibaba/*.py. Default: the product's own.")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="For ids, tokens and addresses. Default: 0.")] = None,
    heartbeat: Annotated[Heartbeat | None, typer.Option(help="What a heartbeat does on Alibaba Cloud. Default: sets.")] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="The functions' configuration. Default: the one shipped.")] = None,
    sqs_trigger: Annotated[
        list[str] | None, typer.Option(metavar="QUEUE=FUNCTION", help="SQS messages invoke a function. Given anyway: rearm=rearm-sqs.")
    ] = None,
) -> None:
    """Serve both emulated clouds on the loopback until Ctrl-C. The first line printed is JSON: endpoints and access keys."""
    from rearm_workbench.deployed import functions_dir

    try:
        given = Settings(
            aws=options.address("--aws", aws),
            alibaba=options.address("--alibaba", alibaba),
            speed=options.speed(speed),
            state_dir=state_dir.absolute() if state_dir else None,
            stands_while_down=while_down is WhileDown.stands,
            functions=options.functions_at(functions or functions_dir()),
            seed=seed,
            heartbeat_adds=None if heartbeat is None else heartbeat is Heartbeat.adds,
            config=config.resolve() if config else None,
            triggers=options.triggers(sqs_trigger or []),
        )
        if config is not None:
            inputs.configuration(config)
        serve(given)
    except (Refused, StateProblem, ConfigError) as error:
        inputs.complain(inputs.lines(error))
        raise typer.Exit(2) from None


def serve(settings: Settings) -> None:
    """Until SIGINT or SIGTERM, which also end a start that takes long."""
    from rearm_workbench.emulate.service import Service

    over = threading.Event()
    stands = False

    def end(*_: object) -> None:
        over.set()
        if not stands:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with Service(settings) as service:
            typer.echo(json.dumps(service.told()))
            stands = True
            over.wait()
    except KeyboardInterrupt:
        return
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
