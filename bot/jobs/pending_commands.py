"""Stores commands that are shown before they are started, for as long as their buttons work."""

from pydantic import BaseModel, ConfigDict

from bot.domain.ids import ENTROPY_BYTES, id_created_at, new_id, parse_job_id
from bot.domain.jobs.actions import Action, ActionInput
from bot.security.encryption import DecryptionFailed, entry_context
from bot.services import Services
from bot.store import adapter_data

#: where they are stored; no adapter has this name
_ADAPTER, _PREFIX = "@core", "pending/"


class StoredCommand(BaseModel):
    """A command, or an action on a job, as it was shown to one member."""

    model_config = ConfigDict(frozen=True)

    #: empty for an action
    command: str = ""
    #: the options as JSON, with the source that was shown
    options: str = "{}"
    action: Action | None = None
    job: str = ""
    action_input: ActionInput = ActionInput()
    #: to whom it was shown, as a member of the workspace that pays
    member: str
    #: micro-dollars that were shown
    price: int


async def store_command(services: Services, id_: str, command: StoredCommand) -> None:
    key = f"{_PREFIX}{id_}"
    encrypted = services.cipher.encrypt(command.model_dump_json(), context=entry_context(_ADAPTER, key))
    await services.database.transact(adapter_data.put, _ADAPTER, key, encrypted)


async def find_command(services: Services, id_: str) -> StoredCommand | None:
    """The command of an id that a button holds; None where it has expired or cannot be read."""
    asked = parse_job_id(id_)
    # An id of the future is of a replica whose clock is ahead.
    if asked is None or services.clock() - id_created_at(asked) > services.times.confirmation:
        return None
    entry = await adapter_data.get(services.database, _ADAPTER, f"{_PREFIX}{asked}")
    if entry is None:
        return None
    try:
        text = services.cipher.decrypt(entry.encrypted, context=entry_context(_ADAPTER, entry.key))
        return StoredCommand.model_validate_json(text)
    except (DecryptionFailed, ValueError):
        # Of another version, or encrypted with a secret that was removed.
        return None


async def remove_command(services: Services, id_: str) -> None:
    await services.database.transact(adapter_data.remove, _ADAPTER, f"{_PREFIX}{id_}")


async def expire_commands(services: Services) -> None:
    """Remove the commands whose buttons no longer work."""
    oldest = new_id(services.clock() - services.times.confirmation, bytes(ENTROPY_BYTES))
    await services.database.transact(
        adapter_data.remove_before, _ADAPTER, _PREFIX, before=f"{_PREFIX}{oldest}"
    )
