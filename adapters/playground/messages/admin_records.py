"""What the admin page shows as JSON: amounts with their text, times in milliseconds UTC. Pure."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from adapters.playground.messages.records import Record, decision_records
from bot.domain.identity import Named
from bot.domain.jobs.actions import LABELS
from bot.domain.money.pricing import MICROUSD
from bot.domain.money.quota import Level, Limit, Meter, Rule, Unit
from bot.domain.named_options import dump_named
from bot.domain.policy.access import AccessRule
from bot.domain.policy.decided import Decided
from bot.domain.policy.reactions import ReactionRule
from bot.domain.policy.record import Moderators, Policy
from bot.domain.reports.audit import REFUSED, AuditRecord
from bot.service.admin.queries import (
    Allowances,
    AuditPage,
    Keys,
    MemberLine,
    Overview,
    Page,
    QueuedJob,
    ReportedJob,
    RuleSet,
)
from bot.service.queries.account_reports import AccountReport
from bot.service.replies import SetupState

_Item = TypeVar("_Item")


def page_record(page: Page[_Item], record: Callable[[_Item], Record]) -> Record:
    """A page of a list."""
    return {"items": [record(one) for one in page.items], "page": page.number, "more": page.more}


def amount_record(amount: int, unit: Unit = Unit.MONEY) -> Record:
    """An amount: its value, its text for people, and what one types for it."""
    typed = str(amount)
    if unit is Unit.MONEY:
        typed = f"{amount // MICROUSD}.{amount % MICROUSD:06}".rstrip("0").rstrip(".")
    return {"value": amount, "text": unit.show(amount), "typed": typed}


def _optional_amount(amount: int | None) -> Record | None:
    return None if amount is None else amount_record(amount)


def limit_record(limit: Limit, meter: Meter) -> Record:
    """A limit with what was counted against it in its present period."""
    left = max(0, meter.left(limit))
    return {
        "level": limit.level,
        "unit": limit.unit,
        "period": limit.period,
        "amount": amount_record(limit.amount, limit.unit),
        "granted": amount_record(meter.granted, limit.unit),
        "used": amount_record(meter.used, limit.unit),
        "reserved": amount_record(meter.reserved, limit.unit),
        "left": {**amount_record(left, limit.unit), "text": limit.unit.show_left(left)},
        "resets_at": limit.period_end,
    }


def _limits(limits: Iterable[tuple[Limit, Meter]]) -> list[Record]:
    return [limit_record(limit, meter) for limit, meter in limits]


def overview_record(overview: Overview) -> Record:
    return {
        "paused": overview.paused,
        "pause_reason": overview.pause_reason,
        "notice": overview.notice,
        "spent": {
            "today": amount_record(overview.spent_today),
            "month": amount_record(overview.spent_this_month),
        },
        "caps": _limits(overview.caps),
        "jobs": {group.value: count for group, count in overview.jobs.items()},
        "setup": _setup_record(overview.setup),
        "cost": overview.cost,
        "own_key": overview.own_key,
        "retention": {"media": overview.media_days, "prompts": overview.prompt_days},
    }


def _setup_record(setup: SetupState) -> Record:
    return {
        "budget": _optional_amount(setup.budget),
        "channels": [_named(one) for one in setup.channels],
        "roles": [_named(one) for one in setup.roles],
        "reactions": setup.reactions,
        "admin_channel": _named(setup.admin_channel) if setup.admin_channel else None,
        "timezone": setup.timezone,
    }


def _named(named: Named) -> Record:
    """A channel or a role: its name, and the value of an option that takes it."""
    return {"name": named.name, "value": dump_named(named.id, named.name)}


def member_record(line: MemberLine) -> Record:
    return {
        "id": line.id,
        "name": line.name,
        "limits": _limits(line.limits),
        "has_own_rule": line.has_own_rule,
        "blocked": line.blocked,
        "blocked_by_operator": line.blocked_by_operator,
    }


def allowances_record(allowances: Allowances) -> Record:
    default = allowances.default
    return {
        "rules": page_record(allowances.rules, _rule_record),
        "default": {"amount": amount_record(default.amount), "period": default.period},
        "caps": _limits(allowances.caps),
        "pace": {"cooldown_s": allowances.pace.cooldown_ms // 1000, "running": allowances.pace.max_open},
        "timezone": allowances.timezone,
    }


def _rule_record(rule: Rule) -> Record:
    allowance = rule.allowance
    return {
        "level": rule.level,
        "name": rule.label or rule.subject.removeprefix(f"{rule.workspace}:"),
        #: the options of a command that names the same target
        "target": _target(rule),
        "amount": amount_record(allowance.amount, allowance.unit),
        "unit": allowance.unit,
        "period": allowance.period,
    }


def _target(rule: Rule) -> Record:
    match rule.level:
        case Level.WORKSPACE:
            return {"workspace": True}
        case Level.MEMBER:
            return {"member": rule.subject} if rule.subject else {}
        case _:
            return {rule.level.value: dump_named(rule.subject, rule.label)}


def rules_record(rules: RuleSet) -> Record:
    policy = rules.policy
    changed = {rule.emoji for rule in policy.reactions}
    return {
        "readable": rules.readable,
        "set_up": {
            "channels": [one.name for one in rules.access.channels],
            "roles": [one.name for one in rules.access.roles],
        },
        "access": [_access_record(rule) for rule in policy.access],
        "words": [
            {"pattern": rule.pattern, "age_restricted": rule.age_restricted} | _decided(rule)
            for rule in policy.words
        ],
        "age": {"mode": policy.age.mode, "marked_words_only": policy.age.marked_words_only}
        | _decided(policy.age),
        "prices": _prices_record(policy),
        "moderators": _moderators_record(policy.moderators),
        "reactions": [_reaction_record(rule, changed=rule.emoji in changed) for rule in rules.reactions],
    }


def _decided(decided: Decided) -> Record:
    """Who set it and when; empty and 0 for a default."""
    return {"by": decided.by, "at": decided.at}


def _access_record(rule: AccessRule) -> Record:
    return {"id": rule.id, "effect": rule.effect, "text": rule.description} | _decided(rule)


def _prices_record(policy: Policy) -> Record:
    prices = policy.prices
    return {
        "confirm": _optional_amount(prices.confirm_above),
        "approve": _optional_amount(prices.approve_above),
        "undo": prices.undo_s,
        "undo_above": amount_record(prices.undo_above),
    } | _decided(prices)


def _moderators_record(moderators: Moderators) -> Record:
    return {
        "channel": moderators.channel_name or moderators.channel,
        "role": moderators.role_name or moderators.role,
    } | _decided(moderators)


def _reaction_record(rule: ReactionRule, *, changed: bool) -> Record:
    return {
        "emoji": rule.shown,
        "action": rule.action,
        "label": LABELS[rule.action] if rule.action else "Nothing",
        "terms": rule.terms,
        "who": rule.who,
        "pays": rule.pays,
        "votes": rule.votes,
        #: an admin has set it; else it is as by default
        "changed": changed,
    } | _decided(rule)


def audit_record(audit: AuditPage) -> Record:
    return page_record(audit.entries, _entry_record) | {"days": audit.days}


def _entry_record(entry: AuditRecord) -> Record:
    return {
        "at": entry.at,
        "who": entry.who,
        "action": entry.action,
        "refused": entry.action == REFUSED,
        "about": entry.about,
        "details": entry.details,
    }


def keys_record(keys: Keys) -> Record:
    own = keys.own
    return {
        "own": own
        and {
            "masked": own.masked,
            "set_by": own.set_by,
            "set_at": own.set_at,
            "account": own.account and _account_record(own.account),
        },
        "shared": [_account_record(report) for report in keys.shared],
    }


def _account_record(report: AccountReport) -> Record:
    return {
        "name": report.account,
        "provider": report.provider,
        "state": report.state,
        "reason": report.reason,
        "in_flight": report.in_flight,
        "credit": _optional_amount(report.credit),
        "credit_at": report.credit_at,
        "forecast": report.forecast,
        "spent": amount_record(report.spent_this_month),
        "limit": _optional_amount(report.monthly_limit),
    }


def queued_record(job: QueuedJob) -> Record:
    return {
        "id": job.id,
        "card": job.card,
        "group": job.group,
        "name": job.member_name,
        "command": job.command,
        "model": job.model,
        "title": job.title,
        "price": amount_record(job.price),
        "at": job.created_at,
        "headline": job.headline,
        "hold": job.hold,
        "decisions": decision_records(job.decisions),
        "cancellable": job.cancellable,
    }


def reported_record(report: ReportedJob) -> Record:
    return {
        "card": report.card,
        "job": report.job,
        "name": report.member_name,
        "title": report.title,
        "note": report.note,
        "at": report.at,
        "removed": report.removed,
        "blocked": report.blocked,
        "decisions": decision_records(report.decisions),
    }
