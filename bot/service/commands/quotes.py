"""What a command would cost, for a form that shows it while the command is written."""

from bot.domain.commands import GenerateCommand
from bot.domain.errors import NotEnoughLeft
from bot.domain.identity import Invocation
from bot.domain.policy.check import policy_terms
from bot.service.admin import rights
from bot.service.commands import ordering
from bot.service.queries import member_queries
from bot.service.replies import PriceQuote
from bot.services import Services
from bot.store.admin.workspaces import find_workspace


async def quote(
    services: Services,
    command: GenerateCommand,
    invocation: Invocation,
    context: ordering.CommandContext,
) -> PriceQuote:
    """The price of a command; reserves nothing.

    Raises what `BotService.execute` would refuse the command with now, but for NotEnoughLeft, with which the
    price is told, too.
    """
    caller, place = invocation.caller, invocation.place
    order = await ordering.resolve_command(services, command, caller, place, context)
    workspace = await find_workspace(services.database, caller.workspace)
    jobs = await ordering.new_jobs(services, order, workspace.own_account)
    price, shortage = ordering.price_of_jobs(jobs), ""
    try:
        await member_queries.check_acceptable(services, caller, place, jobs)
    except NotEnoughLeft as error:
        shortage = str(error)
    terms = policy_terms(
        workspace.policy,
        [job.request for job in jobs],
        price.total,
        caller=caller,
        place=place,
        is_admin=rights.is_admin_here(services, caller),
    )
    return PriceQuote(
        price=price,
        shortage=shortage,
        own_key=workspace.own_account is not None,
        hold=terms.hold,
        source=None if command.jobs else order.parent,
    )
