"""A workspace's own API key: shown, set and removed by its admins. Rights are checked here on every call."""

import asyncio

from pydantic import SecretStr

from bot.domain.cards.job_text import show_age
from bot.domain.commands import StudioKey
from bot.domain.errors import (
    AccountProblem,
    InvalidRequest,
    NotAllowed,
    ProviderError,
    Rejected,
    ReverieError,
    ServiceUnavailable,
)
from bot.domain.identity import Caller, is_direct_workspace
from bot.domain.jobs.failures import one_line
from bot.domain.money.pricing import show_left
from bot.domain.money.quota import Level, Unit
from bot.domain.workspace.workspace_keys import KeyAction, masked, read_key, without_key
from bot.jobs.transitions import cancel_stranded
from bot.providers.base import Provider
from bot.security.encryption import DecryptionFailed, workspace_key_context
from bot.service.admin.rights import audit_entry, require_rights
from bot.service.durable_writes import until_known
from bot.service.replies import PrivateReply
from bot.services import ALL_JOBS, Services, Topic
from bot.store.operator.accounts import AccountState
from bot.store.operator.credit import record_balance
from bot.store.operator.workspace_keys import NewKey, WorkspaceKey, find_key, remove_key
from bot.store.operator.workspace_keys import set_key as store_key
from bot.store.quotas.limits import workspace_rules

_ABOUT = (
    "With a key of its own, this workspace's jobs are billed to that account alone, never to the operator's. "
    "The rules of this workspace and its members still hold."
)
#: how long an answer waits for the account's credit
_CREDIT_S = 5


async def manage_key(services: Services, command: StudioKey, caller: Caller) -> PrivateReply:
    """Show or remove the key, or ask for one."""
    _require_admin(services, caller)
    match command.action:
        case KeyAction.SET:
            return PrivateReply(
                title="Set this workspace's API key", text=_asking(services), asks_for_key=True
            )
        case KeyAction.REMOVE:
            return await _remove(services, caller)
        case KeyAction.SHOW:
            return await _show(services, caller)


async def set_key(services: Services, entered: SecretStr, caller: Caller) -> PrivateReply:
    """Check a key at the provider and make it the workspace's own; a refusal changes nothing."""
    _require_admin(services, caller)
    key = read_key(entered.get_secret_value())
    provider = await _opened(services, key)
    try:
        credit = await _checked(provider, key)
    finally:
        await provider.close()
    new = NewKey(
        workspace=caller.workspace,
        account=provider.account,
        provider=provider.name,
        encrypted=services.cipher.encrypt(
            key, context=workspace_key_context(caller.workspace, provider.account)
        ),
        masked=masked(key),
        set_by=caller.name,
        now=services.clock(),
    )
    entry = audit_entry(services, caller, "studio key set", provider.account)
    done = await until_known(services, lambda: services.database.transact(store_key, new, audit=entry))
    if credit is not None:
        await services.database.transact(record_balance, provider.account, credit, now=services.clock())
    if done.stranded:
        await cancel_stranded(services)
    services.wake(Topic.WORKSPACE_KEYS, Topic.ACCOUNTS, Topic.CARDS, *ALL_JOBS)
    lines = [f"New jobs here are billed to {new.masked} from now."]
    if done.replaced:
        lines.append(
            "It replaces the earlier key: what runs on that one ends there, and then that key is deleted. "
            f"Waiting jobs moved to this key: {done.moved}. Cancelled and not charged, because they build on "
            f"videos of the earlier account: {done.stranded}."
        )
    if not await _has_budget(services, caller):
        lines.append("Nothing is spent with it before you choose a budget with /studio setup.")
    if services.settings.simulated:
        lines.append("This bot uses the simulator, so nothing is spent.")
    return PrivateReply(title="API key set", text="\n".join(lines), fields=_credit_field(credit))


async def _has_budget(services: Services, caller: Caller) -> bool:
    found = await workspace_rules(services.database, caller.workspace)
    return any(one.level is Level.WORKSPACE and one.allowance.unit is Unit.MONEY for one in found)


def _require_admin(services: Services, caller: Caller) -> None:
    require_rights(services, caller)
    if is_direct_workspace(caller.workspace):
        raise NotAllowed("Direct messages have no API key of their own; set it in the server or workspace.")


def _asking(services: Services) -> str:
    name = "the simulator, which accepts any key" if services.settings.simulated else "Luma"
    return f"{_ABOUT}\nThe key is checked at {name}, stored encrypted, and never shown again as a whole."


async def _opened(services: Services, key: str) -> Provider:
    """The account of an entered key; its provider is Luma's API, or the simulator where there is no other."""
    name = "simulator" if services.settings.simulated else "luma"
    try:
        return await services.open_account(name, SecretStr(key))
    except ServiceUnavailable:
        raise
    except (ValueError, ReverieError):
        # Its text may name the key.
        raise InvalidRequest("This key cannot be used. Nothing was stored or changed.") from None


async def _checked(provider: Provider, key: str) -> int | None:
    """The credit of an account that can submit; raises InvalidRequest."""
    try:
        return await provider.check()
    except (AccountProblem, Rejected) as error:
        reason = one_line(without_key(str(error), key))
        raise InvalidRequest(
            f"The generation service does not accept this key: {reason}. Nothing was stored or changed."
        ) from None
    except ProviderError as error:
        reason = one_line(without_key(str(error), key))
        raise InvalidRequest(
            f"The key could not be checked: {reason}. Nothing was stored or changed; try again later."
        ) from None


async def _remove(services: Services, caller: Caller) -> PrivateReply:
    key = await find_key(services.database, caller.workspace)
    if key is None:
        return PrivateReply(title="No API key", text="This workspace has no key of its own.")
    entry = audit_entry(services, caller, "studio key remove", key.account)
    stranded = await until_known(services, lambda: services.database.transact(remove_key, key, audit=entry))
    if stranded is None:
        return await _remove(services, caller)
    await cancel_stranded(services)
    services.wake(Topic.WORKSPACE_KEYS, Topic.CARDS)
    return PrivateReply(
        title="API key removed",
        text=(
            f"Nothing more is submitted with {key.masked}. What already runs ends there; then the key is "
            "deleted.\n"
            f"Waiting jobs that were cancelled and not charged: {stranded}.\n"
            "New jobs use the operator's budget for this workspace, if it has one."
        ),
    )


async def _show(services: Services, caller: Caller) -> PrivateReply:
    key = await find_key(services.database, caller.workspace)
    if key is None:
        return PrivateReply(title="No API key", text=f"{_ABOUT}\n/studio key set opens a form for it.")
    problem, credit = await _state(services, key)
    if problem:
        state = f"Stopped: {one_line(problem)}. Jobs wait; add credit, or set another key."
    elif key.state is AccountState.STOPPED:
        state = "It accepts jobs again; waiting jobs continue within a minute."
        services.wake(Topic.ACCOUNTS, Topic.WORKSPACE_KEYS)
    else:
        state = "Accepts jobs"
    at = services.clock() - key.set_at
    return PrivateReply(
        title="This workspace's API key",
        text=_ABOUT,
        fields=(
            ("Key", key.masked),
            ("Set by", f"{key.set_by}, {show_age(at)}"),
            ("State", state),
            *_credit_field(credit),
        ),
    )


async def _state(services: Services, key: WorkspaceKey) -> tuple[str, int | None]:
    """Why the account of a key cannot submit now, and its credit."""
    context = workspace_key_context(key.workspace, key.account)
    try:
        plain = services.cipher.decrypt(key.encrypted, context=context)
        provider = await services.open_account(key.provider, SecretStr(plain))
    except DecryptionFailed:
        return "it cannot be decrypted with the secret of this bot, so it has to be set again", None
    except (ValueError, ReverieError):
        return key.reason, None
    try:
        async with asyncio.timeout(_CREDIT_S):
            credit = await provider.check()
    except (AccountProblem, Rejected) as error:
        return without_key(str(error), plain), None
    except (ProviderError, TimeoutError):
        return key.reason, None
    finally:
        await provider.close()
    if credit is not None:
        await services.database.transact(record_balance, key.account, credit, now=services.clock())
    return "", credit


def _credit_field(credit: int | None) -> tuple[tuple[str, str], ...]:
    return (("Credit", f"{show_left(credit)} left" if credit is not None else "unknown"),)
