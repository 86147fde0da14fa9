"""The use case of `/studio preset`: the presets of a workspace."""

import asyncio
from dataclasses import replace

from bot.domain.commands import StudioPreset
from bot.domain.commands.presets import PresetAction
from bot.domain.errors import InvalidRequest, MediaRefused, MediaUnavailable, Refused
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.identity import Caller, Place
from bot.domain.jobs.inputs import require_kind
from bot.domain.workspace.presets import (
    PRESETS_MAX,
    Preset,
    PresetKind,
    check_preset,
    read_name,
)
from bot.jobs.media import (
    UNREACHABLE,
    check_urls,
    fetch_now,
    own_file,
    remove_unreferenced,
    takes_stored_files,
)
from bot.jobs.routing import usable_accounts
from bot.service.admin.rights import audit_entry, require_rights
from bot.service.defaults import unknown_preset_named
from bot.service.durable_writes import until_known
from bot.service.queries.job_lookup import visible_job
from bot.service.replies import PrivateReply
from bot.services import Services, log
from bot.store.admin.presets import list_presets, remove_preset, save_preset
from bot.store.admin.workspaces import find_workspace

#: presets on a page, and characters of one in the list
_PAGE, _LINE = 20, 200
#: seconds until the pictures of a preset must have arrived
_FETCH_S = 20.0


async def manage_presets(
    services: Services, command: StudioPreset, caller: Caller, place: Place
) -> PrivateReply:
    """Save, list or remove presets."""
    require_rights(services, caller)
    match command.action:
        case PresetAction.LIST:
            return await _list(services, command, caller)
        case PresetAction.SAVE:
            return await _save(services, command, caller, place)
        case PresetAction.REMOVE:
            return await _remove(services, command, caller)


async def _list(services: Services, command: StudioPreset, caller: Caller) -> PrivateReply:
    found = await list_presets(services.database, caller.workspace)
    if not found:
        return PrivateReply(
            title="No presets yet",
            text=f"Save one, such as {StudioPreset.example}.",
        )
    pages = -(-len(found) // _PAGE)
    page = min(command.page, pages)
    more = f" (page {page} of {pages})" if pages > 1 else ""
    return PrivateReply(
        title=f"Presets of this workspace{more}",
        text="Members use them in /imagine and /animate: --preset with one name, or several with commas.",
        fields=tuple(
            (one.name, f"{_short(one.description)} · saved by {one.set_by}")
            for one in found[(page - 1) * _PAGE : page * _PAGE]
        ),
    )


def _short(text: str) -> str:
    return text if len(text) <= _LINE else f"{text[: _LINE - 1]}…"


async def _save(services: Services, command: StudioPreset, caller: Caller, place: Place) -> PrivateReply:
    if command.kind is None:
        raise InvalidRequest("kind is missing: style, character or prompt")
    preset = check_preset(
        Preset(
            name=read_name(command.preset),
            kind=command.kind,
            text=command.text.strip(),
            pictures=command.picture,
            set_by=caller.name,
            set_at=services.clock(),
        )
    )
    check_urls(services, preset.pictures)
    # Fetched files stay reserved until the preset refers to them.
    async with services.storage.reservations.keeping():
        found = [await _stored(services, one, caller, place) for one in preset.pictures]
        pictures = tuple(picture for picture, _ in found)
        await _require_reachable(services, caller, pictures)
        makers = tuple(sorted({maker for _, maker in found if maker}))
        stored = replace(preset, pictures=pictures, makers=makers)
        entry = audit_entry(services, caller, command.name, preset.name)
        changed = await until_known(
            services,
            lambda: services.database.transact(
                save_preset, caller.workspace, stored, most=PRESETS_MAX, audit=entry
            ),
        )
    if not changed.applied:
        raise InvalidRequest(
            f"There is no room for more: a workspace has {PRESETS_MAX} presets at most. Remove one first."
        )
    await remove_unreferenced(services, changed.freed)
    before = changed.before
    replaced = f"\nIt replaces what {before.set_by} had saved." if before else ""
    return PrivateReply(
        title=f"Preset saved: {preset.name}", text=f"{preset.description}.\n{_usage(preset)}{replaced}"
    )


def _usage(preset: Preset) -> str:
    """How members use a preset, by example."""
    words = "a red fox in the snow"
    if preset.kind is PresetKind.PROMPT:
        first, *others = preset.placeholders or ("",)
        values = "".join(f" {name}=…" for name in others)
        words = f"{'a red fox' if first else 'in the snow'}{values}"
    return f"Used with: /imagine {words} --preset {preset.name}"


async def _stored(
    services: Services, picture: Reference, caller: Caller, place: Place
) -> tuple[Reference, str]:
    """A picture as a file in our storage that providers take, and whose result it is; raises Refused."""
    maker = ""
    try:
        async with asyncio.timeout(_FETCH_S):
            media = picture.file
            if picture.job is not None:
                job = await visible_job(services.database, picture.job, caller, place)
                require_kind(picture, {job.id: job}, MediaKind.PICTURE, "picture")
                media, maker = job.result, job.person
            if media is None:
                media = await fetch_now(services, picture, place, caller.member)
            if media.kind is not MediaKind.PICTURE:
                raise InvalidRequest("picture: this is a video; a preset takes pictures")
            if not await services.storage.exists(media.file):
                raise InvalidRequest("picture: this file is no longer stored; send it again")
            usable = await services.library.to_api_input(media, member=caller.member)
            is_own = bool(picture.via) or own_file(services, picture.url) is not None
    except MediaRefused as error:
        raise InvalidRequest(f"picture: {error}") from error
    except (MediaUnavailable, TimeoutError) as error:
        log.info("preset_picture_not_stored", error=repr(error))
        raise Refused("A picture cannot be had right now, so nothing was saved. Try again later.") from error
    # A provider that cannot reach the bot reads the address itself, if the file is used as it is.
    url = None if is_own or usable != media else picture.url
    return Reference(file=usable, url=url, weight=picture.weight), maker


async def _require_reachable(services: Services, caller: Caller, pictures: tuple[Reference, ...]) -> None:
    """Refuse pictures that no provider of the workspace could read."""
    own_account = (await find_workspace(services.database, caller.workspace)).own_account
    providers = set((await usable_accounts(services, own_account, None)).values())
    if any(picture.url is None for picture in pictures) and not any(
        takes_stored_files(services, provider) for provider in providers
    ):
        raise InvalidRequest(f"picture: {UNREACHABLE}")


async def _remove(services: Services, command: StudioPreset, caller: Caller) -> PrivateReply:
    name = read_name(command.preset)
    entry = audit_entry(services, caller, command.name, name)
    changed = await until_known(
        services, lambda: services.database.transact(remove_preset, caller.workspace, name, audit=entry)
    )
    if not changed.applied:
        raise await unknown_preset_named(services, caller.workspace, name)
    await remove_unreferenced(services, changed.freed)
    was = f"It was: {changed.before.description}." if changed.before else ""
    return PrivateReply(title=f"Preset removed: {name}", text=f"{was} Jobs that use it keep what they have.")
