"""The admins' use cases about rules. Rights are checked here on every call; the last write of a rule wins."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.access import Access
from bot.domain.commands import (
    RulesAge,
    RulesAllow,
    RulesDeny,
    RulesModerators,
    RulesPrices,
    RulesRemove,
    RulesShow,
    RulesTest,
    RulesWords,
)
from bot.domain.commands.rules import AgeScope, WordsAction
from bot.domain.errors import InvalidRequest
from bot.domain.identity import Caller, Place
from bot.domain.money.pricing import read_money
from bot.domain.policy.access import AccessRule, Effect
from bot.domain.policy.decided import Decided
from bot.domain.policy.named import RuleTarget, known_roles, read_channel, read_named
from bot.domain.policy.record import AgeGate, AgeMode, Moderators, Policy, require_room
from bot.domain.policy.words import WordRule, find_words, read_pattern
from bot.service.admin.rights import audit_entry, named_member, require_rights
from bot.service.durable_writes import until_known
from bot.service.replies import PrivateReply
from bot.services import Services
from bot.store.admin.policies import PolicyChange, change_policy
from bot.store.admin.workspaces import find_workspace

#: rules on a page, and filtered words on a line of it
_PAGE, _WORDS = 20, 15
#: an amount that switches something off
_OFF = frozenset({"off", "none", "never", "-"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """An admin who changes the policy of the workspace that their command was given in."""

    services: Services
    caller: Caller
    place: Place

    def decided(self) -> dict[str, object]:
        """Who decides, and when."""
        return {"by": self.caller.name, "at": self.services.clock()}

    async def policy(self) -> Policy:
        return (await find_workspace(self.services.database, self.caller.workspace)).policy

    async def channel(self, text: str) -> RuleTarget:
        return read_channel(text, await self.policy(), self.place)

    async def role(self, text: str) -> RuleTarget:
        return read_named(text, known_roles(await self.policy(), self.caller), "role")

    async def change(self, command: str, subject: str, change: Callable[[Policy], Policy]) -> PolicyChange:
        """Apply a change to the policy as it is then, with its audit entry."""
        entry = audit_entry(self.services, self.caller, command, subject)
        return await until_known(
            self.services,
            lambda: self.services.database.transact(
                change_policy,
                self.caller.workspace,
                lambda policy: require_room(change(policy)),
                audit=entry,
            ),
        )


def as_admin(services: Services, caller: Caller, place: Place) -> Admin:
    """Raises NotAllowed for anybody else."""
    require_rights(services, caller)
    return Admin(services=services, caller=caller, place=place)


def replaced(before: Decided | None, caller: Caller) -> str:
    """Says whose decision was replaced, where it was another admin's."""
    return f"\nIt replaces what {before.by} had set." if before and before.by not in ("", caller.name) else ""


async def show_rules(services: Services, command: RulesShow, caller: Caller, place: Place) -> PrivateReply:
    """Show all rules, page by page: platforms limit how much one message shows."""
    policy = await as_admin(services, caller, place).policy()
    access = (await find_workspace(services.database, caller.workspace)).access
    fields = [*_set_up(access), *_all_rules(policy)]
    pages = -(-len(fields) // _PAGE)
    page = min(command.page, pages)
    of = f" (page {page} of {pages})" if pages > 1 else ""
    return PrivateReply(
        title=f"Rules of this workspace{of}",
        text=(
            "The most specific access rule decides: a member before a role before everybody, then one with a "
            "channel, then the one that names more. Between equals a denial wins."
        ),
        fields=tuple(fields[(page - 1) * _PAGE : page * _PAGE]),
    )


def _set_up(access: Access) -> list[tuple[str, str]]:
    """What the set-up allows; where it allows all, nothing."""
    chosen = (("Channels", access.channels), ("Roles", access.roles))
    return [
        (f"{what}, by /studio setup", ", ".join(one.name for one in named)) for what, named in chosen if named
    ]


def _all_rules(policy: Policy) -> list[tuple[str, str]]:
    access = [(f"Rule {rule.id}", f"{rule.description}{_by(rule)}") for rule in policy.access]
    words = [f"{rule.pattern}{' (age-restricted)' * rule.age_restricted}" for rule in policy.words]
    listed = [", ".join(words[at : at + _WORDS]) for at in range(0, len(words), _WORDS)]
    moderators = policy.moderators
    channel = f"#{moderators.channel_name or moderators.channel}" if moderators.channel else "no channel"
    return [
        *(access or [("Access", "everything is allowed")]),
        *(("Word filter", some) for some in listed or ["off"]),
        ("Age gate", _age(policy.age)),
        *policy.prices.lines,
        ("Moderators", channel),
        *((f"Reaction {rule.shown}", f"{rule.description}{_by(rule)}") for rule in policy.reactions),
    ]


def _by(rule: Decided) -> str:
    return f" · set by {rule.by}" if rule.by else ""


def _age(gate: AgeGate) -> str:
    if gate.mode is AgeMode.OFF:
        return "off"
    how = {AgeMode.CHANNELS: "only in age-restricted channels", AgeMode.SPOILERS: "elsewhere as spoilers"}
    return f"{how[gate.mode]}{', for marked words' * gate.marked_words_only}"


async def set_access(
    services: Services, command: RulesAllow | RulesDeny, caller: Caller, place: Place
) -> PrivateReply:
    """Add an access rule; one that names the same is replaced."""
    admin = as_admin(services, caller, place)
    channel, role = await admin.channel(command.channel), await admin.role(command.role)
    member = await named_member(services, caller, command.member) if command.member else None
    rule = AccessRule(
        id=1,
        effect=Effect.ALLOW if isinstance(command, RulesAllow) else Effect.DENY,
        member=member.id if member else "",
        member_name=member.name if member else "",
        role=role.id,
        role_name=role.name,
        channel=channel.id,
        channel_name=channel.name,
        command=command.command or "",
        model=command.model or "",
        resolution=command.resolution or "",
        **admin.decided(),
    )
    if not any(rule.scope) and not command.everything:
        raise InvalidRequest(
            f"Name what to {rule.effect}: a channel, role, member, command, model or resolution; or say "
            "--everything"
        )
    changed = await admin.change(command.name, rule.description, lambda policy: _with_access(policy, rule))
    earlier = next((one for one in changed.before.access if one.names_same(rule)), None)
    added = next(one for one in changed.after.access if one.names_same(rule))
    text = f"Rule {added.id}: {added.description}.{_consequence(added, changed.after, caller)}"
    return PrivateReply(title="Rule set", text=text + replaced(earlier, caller))


def _with_access(policy: Policy, rule: AccessRule) -> Policy:
    earlier = next((one for one in policy.access if one.names_same(rule)), None)
    number = earlier.id if earlier else policy.next_id
    numbered = rule.model_copy(update={"id": number})
    others = tuple(one for one in policy.access if not one.names_same(rule))
    access = tuple(sorted((*others, numbered), key=lambda one: one.id))
    return policy.model_copy(update={"access": access, "next_id": max(policy.next_id, number + 1)})


def _consequence(rule: AccessRule, policy: Policy, caller: Caller) -> str:
    """What an admin should know about a rule that they set."""
    if rule.effect is Effect.DENY:
        mine = rule.member in ("", caller.member) and (not rule.role or rule.role in (caller.roles or ()))
        return "\nIt applies to you, too; /rules and /studio stay open to admins." if mine else ""
    denied = any(
        one.effect is Effect.DENY
        and all(mine in ("", its) for mine, its in zip(one.scope, rule.scope, strict=True))
        for one in policy.access
    )
    if denied:
        return ""
    return (
        "\nNothing is denied yet that it would allow. To allow it to nobody else, deny it to everybody with "
        "/rules deny."
    )


async def remove_access(
    services: Services, command: RulesRemove, caller: Caller, place: Place
) -> PrivateReply:
    admin = as_admin(services, caller, place)

    def remove(policy: Policy) -> Policy:
        if all(one.id != command.rule for one in policy.access):
            raise InvalidRequest(f"There is no rule {command.rule}; /rules show lists them")
        access = tuple(one for one in policy.access if one.id != command.rule)
        return policy.model_copy(update={"access": access})

    changed = await admin.change(command.name, str(command.rule), remove)
    gone = next(one for one in changed.before.access if one.id == command.rule)
    return PrivateReply(title="Rule removed", text=f"It was: {gone.description}.{replaced(gone, caller)}")


async def change_words(services: Services, command: RulesWords, caller: Caller, place: Place) -> PrivateReply:
    admin = as_admin(services, caller, place)
    pattern = read_pattern(command.word)
    rule = WordRule(pattern=pattern, age_restricted=command.age_restricted, **admin.decided())

    def change(policy: Policy) -> Policy:
        others = tuple(one for one in policy.words if one.pattern != pattern)
        if command.action is WordsAction.ADD:
            return policy.model_copy(update={"words": (*others, rule)})
        if len(others) == len(policy.words):
            raise InvalidRequest(f"“{pattern}” is not in the word filter; /rules show lists what is")
        return policy.model_copy(update={"words": others})

    changed = await admin.change(command.name, pattern, change)
    earlier = next((one for one in changed.before.words if one.pattern == pattern), None)
    if command.action is WordsAction.REMOVE:
        return PrivateReply(title="Word removed", text=f"“{pattern}” is allowed.{replaced(earlier, caller)}")
    how = "needs an age-restricted channel" if rule.age_restricted else "is refused in prompts"
    return PrivateReply(
        title="Word added",
        text=f"“{pattern}” {how}. Try it with /rules test.{replaced(earlier, caller)}",
    )


async def test_words(services: Services, command: RulesTest, caller: Caller, place: Place) -> PrivateReply:
    policy = await as_admin(services, caller, place).policy()
    found = find_words(policy.words, command.text)
    if not found:
        return PrivateReply(title="No filtered word", text="This prompt passes the word filter.")
    fields = tuple(
        (f"“{rule.pattern}”", "needs an age-restricted channel" if rule.age_restricted else "refused")
        for rule in found
    )
    return PrivateReply(title="Filtered words", fields=fields)


async def set_age(services: Services, command: RulesAge, caller: Caller, place: Place) -> PrivateReply:
    admin = as_admin(services, caller, place)
    if command.mode is not AgeMode.OFF and place.age_restricted is None:
        raise InvalidRequest(
            "There are no age-restricted channels here, so nothing could be made at all. Use /rules words "
            "and /rules deny instead."
        )
    gate = AgeGate(mode=command.mode, marked_words_only=command.scope is AgeScope.WORDS, **admin.decided())
    changed = await admin.change(
        command.name, command.mode, lambda policy: policy.model_copy(update={"age": gate})
    )
    return PrivateReply(
        title="Age gate set", text=f"{_age(gate).capitalize()}.{replaced(changed.before.age, caller)}"
    )


async def set_prices(services: Services, command: RulesPrices, caller: Caller, place: Place) -> PrivateReply:
    """Set what is given; without options, show what holds."""
    admin = as_admin(services, caller, place)
    given: dict[str, object] = {}
    for name, text in (("confirm_above", command.confirm), ("approve_above", command.approve)):
        if text:
            given[name] = _amount(text, name.removesuffix("_above"))
    if command.undo is not None:
        given["undo_s"] = command.undo
    if command.undo_above:
        given["undo_above"] = _amount(command.undo_above, "undo_above") or 0
    if not given:
        return PrivateReply(title="Prices", fields=(await admin.policy()).prices.lines)
    given |= admin.decided()
    changed = await admin.change(
        command.name,
        "prices",
        lambda policy: policy.model_copy(update={"prices": policy.prices.model_copy(update=given)}),
    )
    return PrivateReply(
        title="Prices set",
        text=f"They apply to new commands.{replaced(changed.before.prices, caller)}",
        fields=changed.after.prices.lines,
    )


def _amount(text: str, option: str) -> int | None:
    """Micro-dollars; None for off."""
    if text.strip().lower() in _OFF:
        return None
    try:
        return read_money(text)
    except ValueError as error:
        raise InvalidRequest(str(error), option=option) from error


async def set_moderators(
    services: Services, command: RulesModerators, caller: Caller, place: Place
) -> PrivateReply:
    admin = as_admin(services, caller, place)
    channel, role = await admin.channel(command.channel), await admin.role(command.role)
    if bool(channel.id) == command.off:
        raise InvalidRequest("Name the moderators' channel, or end reports with --off")
    moderators = Moderators(
        channel=channel.id,
        channel_name=channel.name,
        role=role.id,
        role_name=role.name,
        **admin.decided(),
    )
    changed = await admin.change(
        command.name,
        channel.id or "nowhere",
        lambda policy: policy.model_copy(update={"moderators": moderators}),
    )
    if not channel.id:
        text = "Reports have no channel any more; /report is refused until you name one."
    else:
        who = f"Admins and {role.name}" if role.id else "Admins"
        text = (
            f"Reports and requests for approval are sent to #{channel.name}. {who} may act on reports. The "
            "bot must be able to post there."
        )
    return PrivateReply(title="Moderators set", text=text + replaced(changed.before.moderators, caller))
