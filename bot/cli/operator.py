"""The operator's commands: `quota`, `usage`, `jobs`, `workspaces`."""

import asyncio
from typing import Annotated, Any

import typer

from bot.cli.params import AsJson, Counted, Subject, choice, group, number, read_dollars, read_quietly
from bot.cli.tables import say, show
from bot.domain.jobs.job import State
from bot.domain.money.quota import Level, Period
from bot.domain.reports.usage import DAYS_MAX, Dimension

app = typer.Typer()
quota = group("Budgets and limits set by the operator.")
jobs = group("Jobs of all workspaces.")
workspaces = group("Workspaces, blocks and groups.")


def run_call(call: str, *, as_json: bool, writes: bool = False, **arguments: Any) -> None:
    """Run one of the operator's use cases, here or in the running bot, and print its answer."""
    from bot.cli.store_access import operate  # noqa: PLC0415

    show(asyncio.run(operate(read_quietly(), call, arguments, writes=writes)), as_json=as_json)


@quota.command("set")
def quota_set(
    subject: Subject,
    amount: Annotated[str, typer.Argument(help="Dollars per period.", callback=read_dollars)],
    *,
    period: Annotated[Period, choice(Period, "The calendar period.")] = Period.MONTH,
    as_json: AsJson = False,
) -> None:
    """Set the budget of a workspace, a person's limit in all workspaces, or the limit of `everything`."""
    run_call("quota_set", as_json=as_json, writes=True, subject=subject, amount=amount, period=period)


@quota.command("show")
def quota_show(subject: Counted, *, as_json: AsJson = False) -> None:
    """Show all limits of a workspace or a member with their current use."""
    run_call("quota_show", as_json=as_json, subject=subject)


@quota.command("reset")
def quota_reset(
    subject: Counted,
    *,
    level: Annotated[Level, choice(Level, "The level of the limit.")] = Level.MEMBER,
    as_json: AsJson = False,
) -> None:
    """Reset the use of one limit to zero."""
    run_call("quota_reset", as_json=as_json, writes=True, subject=subject, level=level)


@app.command()
def usage(
    workspace: Annotated[str | None, typer.Argument(help="A workspace, discord:123; none: all.")] = None,
    *,
    by: Annotated[
        Dimension | None, choice(Dimension, "Day, member, channel, command or model; day if none is given.")
    ] = None,
    period: Annotated[Period, choice(Period, "The calendar period.")] = Period.MONTH,
    days: Annotated[
        int | None, number("So many days up to today, in place of the period.", at_most=DAYS_MAX)
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what jobs came to. Without a workspace or --by: accounts, credit and workspaces."""
    if workspace is None and by is None and days is None and not as_csv:
        run_call("overview", as_json=as_json, period=period)
        return
    asked: dict[str, Any] = {
        "workspace": workspace or "",
        "by": by or Dimension.DAY,
        "period": period,
        "days": days,
    }
    if as_csv:
        from bot.cli.store_access import operate  # noqa: PLC0415

        answer: Any = asyncio.run(operate(read_quietly(), "usage", asked | {"as_csv": True}, writes=False))
        say(answer["csv"].rstrip())
    else:
        run_call("usage", as_json=as_json, **asked)


@app.command()
def audit(
    workspace: Annotated[str, typer.Argument(help="A workspace, discord:123; none: all.")] = "",
    *,
    member: Annotated[str, typer.Option(help="By or about this member, discord:123:42.")] = "",
    action: Annotated[str, typer.Option(help="Part of the action, such as quota or refused.")] = "",
    words: Annotated[str, typer.Option(help="Words of an entry.")] = "",
    count: Annotated[int, number("How many, the newest first.", at_most=10_000)] = 50,
    as_json: AsJson = False,
) -> None:
    """Show who decided what, and who was refused what."""
    run_call(
        "audit",
        as_json=as_json,
        workspace=workspace,
        member=member,
        action=action,
        words=words,
        count=count,
    )


@jobs.command("list")
def jobs_list(
    *,
    state: Annotated[State | None, choice(State, "Only jobs in this state.")] = None,
    count: Annotated[int, number("How many, the newest first.", at_most=1000)] = 20,
    as_json: AsJson = False,
) -> None:
    """List jobs."""
    run_call("jobs_list", as_json=as_json, state=state, count=count)


@jobs.command("show")
def jobs_show(job: str, *, as_json: AsJson = False) -> None:
    """Show one job."""
    run_call("jobs_show", as_json=as_json, job=job)


@jobs.command("refund")
def jobs_refund(job: str, *, as_json: AsJson = False) -> None:
    """Refund a completed job, once."""
    run_call("jobs_refund", as_json=as_json, writes=True, job=job)


@jobs.command("orphans")
def jobs_orphans(
    *,
    count: Annotated[int, number("How many, the newest first.", at_most=1000)] = 50,
    resolve: Annotated[
        str | None,
        typer.Option(metavar="GENERATION", help="Mark one left at the provider as resolved."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List generations without a job, or mark one as resolved."""
    if resolve is not None:
        run_call("jobs_resolve", as_json=as_json, writes=True, generation=resolve)
        return
    run_call("jobs_orphans", as_json=as_json, count=count)


@workspaces.command("list")
def workspaces_list(*, as_json: AsJson = False) -> None:
    """List workspaces with their spending this month."""
    run_call("workspaces_list", as_json=as_json)


@workspaces.command("block")
def workspaces_block(subject: Subject, *, as_json: AsJson = False) -> None:
    """Block a workspace, a member or a person everywhere."""
    run_call(
        "workspaces_block",
        as_json=as_json,
        writes=True,
        subject=subject.removeprefix("person:"),
        blocked=True,
    )


@workspaces.command("unblock")
def workspaces_unblock(subject: Subject, *, as_json: AsJson = False) -> None:
    """Unblock a workspace, a member or a person."""
    run_call(
        "workspaces_block",
        as_json=as_json,
        writes=True,
        subject=subject.removeprefix("person:"),
        blocked=False,
    )
