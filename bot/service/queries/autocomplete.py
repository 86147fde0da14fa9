"""Autocompletion: of one option at a time, and of a command that is typed as a line of text."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.access import is_operator
from bot.domain.cards.job_text import show_age
from bot.domain.command_text.completion import (
    AutocompleteChoice,
    Suggestion,
    complete,
    defaulted_option,
    offered_option,
)
from bot.domain.commands import Command, GenerateCommand, MediaCommand
from bot.domain.generations.concepts import CONCEPTS_MAX, CONCEPTS_OPTION, MOTION_OPTION, motions_like
from bot.domain.identity import Invocation
from bot.domain.ids import short_id
from bot.domain.jobs.job import Job
from bot.domain.options import Kind, Option, options
from bot.domain.text import list_completions, list_items
from bot.domain.workspace.presets import NAMED_MAX, PRESET_OPTION
from bot.domain.workspace.timezones import TIMEZONE_OPTION, timezones_like
from bot.jobs.routing import offered_choices
from bot.service.defaults import effective_here
from bot.service.queries.vocabulary import suggested_concepts, suggested_motions
from bot.services import Services
from bot.store.admin.presets import preset_kinds
from bot.store.admin.workspaces import member_names
from bot.store.listings.job_search import JobQuery, newest_usable, search_jobs
from bot.store.queue.jobs import find_job

#: characters of a job's title in a label
_TITLE = 60
#: jobs and presets suggested for a line
_JOBS, _PRESETS = 8, 20


async def complete_option(
    services: Services,
    command: type[Command],
    name: str,
    typed: str,
    invocation: Invocation,
    *,
    count: int,
) -> tuple[AutocompleteChoice, ...]:
    """The values that match the typed text, newest jobs first; in a list the last item is completed."""
    option = next((one for one in options(command) if one.name == name), None)
    if option is None:
        return ()
    if (words := _words(services, name, typed)) is not None:
        return _as_choices(words[:count])
    if name == PRESET_OPTION:
        return await _presets(services, option, typed, invocation, count)
    if option.kind in (Kind.JOB, Kind.MEDIA):
        return await _jobs(services, option, _job_query(command, option, typed, invocation, count))
    offered = await offered_choices(services, invocation.caller.workspace)
    defaults = await effective_here(services, invocation.caller, invocation.place)
    found = defaulted_option(offered_option(option, offered), command, defaults)
    return tuple(
        AutocompleteChoice(value=choice, label=_choice_label(choice, found))
        for choice in found.choices
        if typed.strip().lower() in choice
    )[:count]


def _words(services: Services, name: str, typed: str) -> Sequence[str] | None:
    """What completes an option that takes known words; None for any other option."""
    if name == CONCEPTS_OPTION:
        return list_completions(typed, suggested_concepts(services.vocabularies), most=CONCEPTS_MAX)
    if name == MOTION_OPTION:
        return motions_like(typed, suggested_motions(services.vocabularies))
    return timezones_like(typed) if name == TIMEZONE_OPTION else None


def _choice_label(choice: str, option: Option) -> str:
    """A choice; the one that a default has set with where that comes from."""
    is_set = choice == option.default and option.default_origin
    return f"{choice} · default, {option.default_origin}" if is_set else choice


async def _presets(
    services: Services, option: Option, typed: str, invocation: Invocation, count: int
) -> tuple[AutocompleteChoice, ...]:
    """The presets of the workspace; in a list the last one is completed."""
    kinds = await preset_kinds(services.database, invocation.caller.workspace)
    most = NAMED_MAX if option.kind is Kind.PRESET else 1
    return tuple(
        AutocompleteChoice(value=listed, label=f"{listed} · {kinds[list_items(listed)[-1]]}")
        for listed in list_completions(typed, kinds, most=most)[:count]
    )


async def preselect(
    services: Services, command: type[GenerateCommand], name: str, invocation: Invocation
) -> AutocompleteChoice | None:
    """The newest job that the command uses by default."""
    option = next(one for one in options(command) if one.name == name)
    newest = await newest_usable(services.database, invocation.caller, option.result, invocation.place)
    job = await find_job(services.database, newest) if newest is not None else None
    return AutocompleteChoice(value=job.id, label=_label(job, services.clock())) if job is not None else None


async def _jobs(services: Services, option: Option, query: JobQuery) -> tuple[AutocompleteChoice, ...]:
    before, last = "", query.text
    if option.max_count > 1:
        stem, gap, last = query.text.rpartition(" ")
        before = stem + gap
    now = services.clock()
    return tuple(
        AutocompleteChoice(value=before + job.id, label=_label(job, now))
        for job in await search_jobs(services.database, replace(query, text=last))
    )


def _job_query(
    command: type[Command], option: Option, typed: str, invocation: Invocation, count: int
) -> JobQuery:
    """Finds the caller's jobs that the command can use."""
    return JobQuery(
        caller=invocation.caller,
        text=typed,
        kind=option.result,
        states=command.states,
        usable=issubclass(command, MediaCommand),
        place=invocation.place,
        count=count,
    )


def _label(job: Job, now: int) -> str:
    title = job.title if len(job.title) <= _TITLE else f"{job.title[: _TITLE - 1]}…"
    return f"{title} · {show_age(now - job.created_at)} · {job.request.makes} · #{short_id(job.id)}"


async def complete_line(services: Services, text: str, invocation: Invocation) -> tuple[Suggestion, ...]:
    """Completions of a partial command line, with the caller's jobs and the workspace's members."""
    caller = invocation.caller
    admin = caller.is_admin or is_operator(caller, frozenset(services.settings.operators))
    completion = complete(
        text,
        admin=admin,
        concepts=suggested_concepts(services.vocabularies),
        camera_motions=suggested_motions(services.vocabularies),
        offered=await offered_choices(services, caller.workspace),
        defaults=await effective_here(services, caller, invocation.place),
    )
    command, option = completion.command, completion.option
    if command is not None and option is not None and option.kind in (Kind.JOB, Kind.MEDIA):
        query = _job_query(command, option, completion.typed, invocation, _JOBS)
        jobs = await search_jobs(services.database, query)
        return (
            *completion.suggestions,
            *(
                Suggestion(
                    text=f"{completion.stem} {job.id} ",
                    label=job.title[:_TITLE],
                    description=f"{job.state} · {job.request.model} · {job.request.aspect_ratio}",
                )
                for job in jobs
            ),
        )
    if option is not None and option.kind is Kind.PRESET:
        listed = await _presets(services, option, completion.typed, invocation, _PRESETS)
        return tuple(
            Suggestion(text=f"{completion.stem} {one.value} ", label=one.value, description=one.label)
            for one in listed
        )
    if option is not None and option.kind is Kind.MEMBER and admin:
        names = await member_names(services.database, caller.workspace, text.rpartition(" ")[2])
        return (
            *completion.suggestions,
            *(
                Suggestion(text=f"{completion.stem} {_quoted(name)} ", label=name, description="Member")
                for name in names
            ),
        )
    return completion.suggestions


def _as_choices(words: Sequence[str]) -> tuple[AutocompleteChoice, ...]:
    return tuple(AutocompleteChoice(value=word, label=word) for word in words)


def _quoted(name: str) -> str:
    """A name as one value; a name of several words needs quotes."""
    return f'"{name}"' if " " in name else name
