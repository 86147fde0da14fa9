"""`simulate`: the simulator alone, until it is stopped."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.params import read_settings
from bot.cli.run import run_in_loop
from bot.domain.errors import ReverieError

if TYPE_CHECKING:
    from simulator.generations.faults import FaultRule

app = typer.Typer()


def _finite(number: float | None) -> float | None:
    if number is not None and not math.isfinite(number):
        raise typer.BadParameter(f"{number} is not a number to count with, write it like 2 or 0.5")
    return number


def _read_limit(text: str | None) -> str | None:
    if text is not None and not all(part.isdecimal() for part in text.split("/", 1)):
        raise typer.BadParameter(f"{text!r} is not a limit, write it like 10, or 10/20 with creates a minute")
    return text


def _read_faults(texts: list[str]) -> list[str]:
    for text in texts:
        _fault_of(text)
    return texts


def _fault_of(text: str) -> "FaultRule":
    from simulator.generations.faults import FaultKind, FaultRule  # noqa: PLC0415 - not needed without faults

    name, colon, times = text.partition(":")
    if name not in set(FaultKind):
        raise typer.BadParameter(f"{name!r} is no fault, write one of {', '.join(FaultKind)}")
    if colon and not (times.isdecimal() and int(times)):
        raise typer.BadParameter(f"{text!r} has no count, write it like {name} or {name}:3")
    return FaultRule(kind=FaultKind(name), times=int(times or 1))


def _limits(lane: str, text: str | None) -> dict[str, int]:
    """The settings of a lane's limits that the command line names."""
    names = (f"{lane}_concurrent", f"{lane}_per_minute")
    return dict(zip(names, map(int, text.split("/")), strict=False)) if text else {}


Limit = Annotated[
    str | None,
    typer.Option(
        help="Generations of a key at once, or with creates a minute as in 10/20.",
        metavar="COUNT[/COUNT]",
        callback=_read_limit,
    ),
]


@app.command()
def simulate(
    *,
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8787,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    speed: Annotated[float, typer.Option(help="Divides every duration.", min=0.01, callback=_finite)] = 1.0,
    database: Annotated[Path | None, typer.Option(help="Its SQLite file; else in the data folder.")] = None,
    credits: Annotated[  # noqa: A002 - the name of the option
        float | None,
        typer.Option(help="Opening balance of a new key, in US cents.", min=0, callback=_finite),
    ] = None,
    image_limit: Limit = None,
    video_limit: Limit = None,
    list_lag: Annotated[
        float,
        typer.Option(help="Seconds until the list shows a new generation.", min=0, callback=_finite),
    ] = 0.0,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help="A fault for the next create, or for so many; may be given again.",
            metavar="KIND[:TIMES]",
            callback=lambda texts: _read_faults(texts or []),
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="The same requests in the same order give the same ids and pictures.")
    ] = None,
    offline_media: Annotated[
        bool, typer.Option("--offline-media", help="Draw a stand-in for each address that cannot be fetched.")
    ] = False,
    edits_keep_id: Annotated[
        bool,
        typer.Option(
            "--edits-keep-id", help="Upscaling and audio change their video instead of making another."
        ),
    ] = False,
) -> None:
    """Run the simulator alone, for the official SDKs.

    The Dream Machine API is at http://HOST:PORT/dream-machine/v1, Luma Agents at http://HOST:PORT/agents/v1,
    and the Appy Pie gateway at http://HOST:PORT.
    """
    from bot.log import set_up_logs  # noqa: PLC0415
    from bot.simulation.standalone import serve  # noqa: PLC0415
    from bot.web.server import UnusableAddress  # noqa: PLC0415
    from simulator.settings import SimulatorSettings  # noqa: PLC0415

    settings = read_settings()
    set_up_logs(settings.log_format, settings.log_level)
    file = database or settings.data_dir / "simulate.db"
    file.parent.mkdir(parents=True, exist_ok=True)
    own = SimulatorSettings(
        database=file,
        speed=speed,
        list_lag_ms=round(list_lag * 1000),
        seed=seed,
        offline_media=offline_media,
        edits_keep_id=edits_keep_id,
        **({} if credits is None else {"credit_cents": credits}),
        **_limits("image", image_limit),
        **_limits("video", video_limit),
    )
    faults = [_fault_of(text) for text in fault or ()]

    async def work() -> None:
        await serve(own, host=host, port=port, proxy=settings.https_proxy, faults=faults)

    try:
        run_in_loop(work)
    except UnusableAddress as error:
        raise ReverieError(
            f"{error.filename} cannot be used ({error.strerror}): choose another with --port or --host"
        ) from error
