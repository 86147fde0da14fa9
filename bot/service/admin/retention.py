"""The admins' use case of retention. Rights are checked here on every call."""

from bot.domain.commands import StudioRetention
from bot.domain.errors import InvalidRequest
from bot.domain.identity import Caller
from bot.service.admin.rights import audit_entry, require_rights
from bot.service.durable_writes import until_known
from bot.service.replies import PrivateReply
from bot.services import Services
from bot.store.members.retention import Retention, retention_of, set_retention


async def set_or_show(services: Services, command: StudioRetention, caller: Caller) -> PrivateReply:
    """Show how long a workspace keeps what its jobs leave, after changing it where that is asked for."""
    require_rights(services, caller)
    kept = await retention_of(services.database, caller.workspace)
    if command.media is None and command.prompts is None:
        return _shown(services, kept, title="Retention")
    new = Retention(
        media_days=kept.media_days if command.media is None else command.media or None,
        prompt_days=kept.prompt_days if command.prompts is None else command.prompts or None,
    )
    if new.prompt_days and new.media_days and new.prompt_days < new.media_days:
        raise InvalidRequest(
            f"Prompts cannot be removed after {new.prompt_days} days while media are kept for "
            f"{new.media_days}; set both, such as --media {new.prompt_days} --prompts {new.prompt_days}"
        )
    entry = audit_entry(services, caller, command.name, caller.workspace)
    await until_known(
        services, lambda: services.database.transact(set_retention, caller.workspace, new, audit=entry)
    )
    return _shown(services, new, title="Retention set")


def _shown(services: Services, kept: Retention, *, title: str) -> PrivateReply:
    days = [one for one in (kept.media_days, kept.prompt_days, services.settings.retention_days) if one]
    media = f"{min(days)} days" if days else "until they are deleted"
    prompts = f"{kept.prompt_days} days" if kept.prompt_days else "until members have their data deleted"
    return PrivateReply(
        title=title,
        text="Counted from the end of a job, and checked every ten minutes. What is in the gallery is kept; "
        "messages in channels stay as they are.",
        fields=(("Pictures and videos", media), ("Prompts and titles", prompts)),
    )
