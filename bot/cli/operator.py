"""The operator's tools: `quota`, `usage`, `jobs`, `workspaces`."""

import asyncio
from typing import Annotated, Any

import typer

from bot.cli.params import AsJson, Counted, Subject, read_dollars, read_quietly, show
from bot.domain.jobs import State
from bot.domain.quota import Level, Period

app = typer.Typer()
quota = typer.Typer(help="Ceilings and limits that the operator sets.")
jobs = typer.Typer(help="Jobs of all workspaces.")
workspaces = typer.Typer(help="Workspaces and who is shut out.")


def _operate(call: str, *, as_json: bool, writes: bool = False, **arguments: Any) -> None:
    from bot.cli.store_access import operate  # noqa: PLC0415

    show(asyncio.run(operate(read_quietly(), call, arguments, writes=writes)), as_json=as_json)


@quota.command("set")
def quota_set(
    subject: Subject,
    amount: Annotated[str, typer.Argument(help="Dollars in each period.", callback=read_dollars)],
    *,
    period: Annotated[Period, typer.Option(help="The calendar period.")] = Period.MONTH,
    as_json: AsJson = False,
) -> None:
    """Give a workspace a ceiling, a person a limit everywhere, or `everything` one."""
    _operate("quota_set", as_json=as_json, writes=True, subject=subject, amount=amount, period=period)


@quota.command("show")
def quota_show(subject: Counted, *, as_json: AsJson = False) -> None:
    """Show everything that limits a workspace or a member, and what has been counted."""
    _operate("quota_show", as_json=as_json, subject=subject)


@quota.command("reset")
def quota_reset(
    subject: Counted,
    *,
    level: Annotated[Level, typer.Option(help="The limit that is meant.")] = Level.MEMBER,
    as_json: AsJson = False,
) -> None:
    """Count one limit from zero again."""
    _operate("quota_reset", as_json=as_json, writes=True, subject=subject, level=level)


@app.command()
def usage(
    workspace: Annotated[str | None, typer.Argument(help="A workspace, discord:123; none: all.")] = None,
    *,
    period: Annotated[Period, typer.Option(help="The calendar period.")] = Period.MONTH,
    as_json: AsJson = False,
) -> None:
    """Show what a workspace spent, by member and model; without one, accounts, credit and all workspaces."""
    if workspace is None:
        _operate("overview", as_json=as_json, period=period)
    else:
        _operate("usage", as_json=as_json, workspace=workspace, period=period)


@jobs.command("list")
def jobs_list(
    *,
    state: Annotated[State | None, typer.Option(help="Only jobs in this state.")] = None,
    count: Annotated[int, typer.Option(help="How many, the newest first.", min=1, max=1000)] = 20,
    as_json: AsJson = False,
) -> None:
    """List jobs."""
    _operate("jobs_list", as_json=as_json, state=state, count=count)


@jobs.command("show")
def jobs_show(job: str, *, as_json: AsJson = False) -> None:
    """Show one job."""
    _operate("jobs_show", as_json=as_json, job=job)


@jobs.command("refund")
def jobs_refund(job: str, *, as_json: AsJson = False) -> None:
    """Give a member back what a completed job cost, once."""
    _operate("jobs_refund", as_json=as_json, writes=True, job=job)


@jobs.command("orphans")
def jobs_orphans(
    *,
    count: Annotated[int, typer.Option(help="How many, the newest first.", min=1, max=1000)] = 50,
    resolve: Annotated[
        str | None,
        typer.Option(metavar="GENERATION", help="Note that one left at the provider is dealt with."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List generations that nobody paid for, or note that one of them is dealt with."""
    if resolve is not None:
        _operate("jobs_resolve", as_json=as_json, writes=True, generation=resolve)
        return
    _operate("jobs_orphans", as_json=as_json, count=count)


@workspaces.command("list")
def workspaces_list(*, as_json: AsJson = False) -> None:
    """List workspaces, with what they spent this month."""
    _operate("workspaces_list", as_json=as_json)


@workspaces.command("block")
def workspaces_block(subject: Subject, *, as_json: AsJson = False) -> None:
    """Shut a workspace, a member or a person out everywhere."""
    _operate(
        "workspaces_block",
        as_json=as_json,
        writes=True,
        subject=subject.removeprefix("person:"),
        blocked=True,
    )


@workspaces.command("unblock")
def workspaces_unblock(subject: Subject, *, as_json: AsJson = False) -> None:
    """Let them in again."""
    _operate(
        "workspaces_block",
        as_json=as_json,
        writes=True,
        subject=subject.removeprefix("person:"),
        blocked=False,
    )
