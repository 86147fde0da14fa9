"""The workspace's own API key, and the accounts that its jobs are submitted with."""

from dataclasses import dataclass

from bot.domain.access import is_operator
from bot.domain.identity import Caller
from bot.service.queries.account_reports import AccountReport, account_reports
from bot.services import Services
from bot.store.operator.workspace_keys import find_key


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """The key of a workspace, as far as it may be shown."""

    masked: str
    set_by: str
    #: milliseconds UTC
    set_at: int
    #: None: no worker has used it yet
    account: AccountReport | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys and accounts of a workspace."""

    own: OwnKey | None
    #: the operator's accounts; empty for anybody else
    shared: tuple[AccountReport, ...]


async def keys(services: Services, caller: Caller) -> Keys:
    """The credit is what was last read; nothing is asked of a provider."""
    reports = await account_reports(
        services.database,
        monthly_limit=services.settings.monthly_limit,
        now=services.clock(),
        of_workspaces=True,
    )
    key = await find_key(services.database, caller.workspace)
    own = None
    if key is not None:
        account = next((one for one in reports if one.account == key.account), None)
        own = OwnKey(masked=key.masked, set_by=key.set_by, set_at=key.set_at, account=account)
    may_see_shared = is_operator(caller, frozenset(services.settings.operators))
    shared = tuple(one for one in reports if one.workspace is None) if may_see_shared else ()
    return Keys(own=own, shared=shared)
