"""The operator's commands about groups of workspaces: `workspaces group`."""

from typing import Annotated

import typer

from bot.cli.operator import run_call
from bot.cli.params import AsJson, group, read_dollars

groups = group("Groups of workspaces that share one monthly budget.")

Name = Annotated[str, typer.Argument(help="The name of the group.", metavar="GROUP")]
Dollars = Annotated[str, typer.Argument(help="Dollars a month, in UTC.", callback=read_dollars)]


def _read_workspace(text: str) -> str:
    platform, _, rest = text.partition(":")
    if not platform or not rest or ":" in rest:
        raise typer.BadParameter("write a workspace like discord:123 or slack:T0123ABCD")
    return text


Workspace = Annotated[
    str, typer.Argument(help="A workspace (discord:123, slack:T0123ABCD).", callback=_read_workspace)
]


@groups.command("list")
def group_list(*, as_json: AsJson = False) -> None:
    """List groups with their workspaces and what they have used this month."""
    run_call("groups_list", as_json=as_json)


@groups.command("create")
def group_create(name: Name, amount: Dollars, *, as_json: AsJson = False) -> None:
    """Make a group with a monthly budget; it has no workspaces yet."""
    run_call("groups_create", as_json=as_json, writes=True, group=name, amount=amount)


@groups.command("budget")
def group_budget(name: Name, amount: Dollars, *, as_json: AsJson = False) -> None:
    """Change the monthly budget of a group, from now on."""
    run_call("groups_budget", as_json=as_json, writes=True, group=name, amount=amount)


@groups.command("rename")
def group_rename(
    name: Name,
    new_name: Annotated[str, typer.Argument(help="The new name.", metavar="NAME")],
    *,
    as_json: AsJson = False,
) -> None:
    """Rename a group."""
    run_call("groups_rename", as_json=as_json, writes=True, group=name, name=new_name)


@groups.command("delete")
def group_delete(name: Name, *, as_json: AsJson = False) -> None:
    """Remove a group; its workspaces keep their own budgets."""
    run_call("groups_delete", as_json=as_json, writes=True, group=name)


@groups.command("add")
def group_add(name: Name, workspace: Workspace, *, as_json: AsJson = False) -> None:
    """Put a workspace into a group; what it spends from now on counts there, too."""
    run_call("groups_add", as_json=as_json, writes=True, group=name, workspace=workspace)


@groups.command("remove")
def group_remove(name: Name, workspace: Workspace, *, as_json: AsJson = False) -> None:
    """Take a workspace out of a group."""
    run_call("groups_remove", as_json=as_json, writes=True, group=name, workspace=workspace)
