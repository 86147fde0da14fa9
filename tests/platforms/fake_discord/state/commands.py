"""Registered commands, as the service returns them."""

from typing import Any

from tests.platforms.fake_discord.rules.commands import check, filled_in
from tests.platforms.fake_discord.rules.refusals import FormErrors, Refusal
from tests.platforms.fake_discord.state.clock import Snowflakes

_CREATES_A_DAY = 200
#: type → how many of them
_MOST = {1: 100, 2: 15, 3: 15}

Registered = dict[str, Any]


class CommandRegistry:
    """Commands by scope: everywhere (`None`) or one guild."""

    def __init__(self, ids: Snowflakes, application_id: int) -> None:
        self._ids = ids
        self._application_id = application_id
        self._scopes: dict[int | None, dict[str, Registered]] = {}
        self._created = 0

    def all(self, guild_id: int | None) -> list[Registered]:
        return list(self._scopes.get(guild_id, {}).values())

    def one(self, guild_id: int | None, command_id: str) -> Registered:
        found = self._scopes.get(guild_id, {}).get(command_id)
        if found is None:
            raise Refusal(10063)
        return found

    def named(self, guild_id: int | None, name: str, kind: int) -> Registered | None:
        """Find what a person would get: the guild's own command before the one for everywhere."""
        scopes = [None] if guild_id is None else [guild_id, None]
        for scope in scopes:
            for command in self.all(scope):
                if (command["name"], command["type"]) == (name, kind):
                    return command
        return None

    def replace(self, guild_id: int | None, forms: list[dict[str, Any]]) -> list[Registered]:
        """Put these commands in the place of all others; what kept its name keeps its id."""
        errors = FormErrors()
        names = [(form.get("name"), form.get("type") or 1) for form in forms]
        for index, form in enumerate(forms):
            check(form, errors, (index,))
            if names[index] in names[:index]:
                errors.add(
                    (index, "name"),
                    "APPLICATION_COMMANDS_DUPLICATE_NAME",
                    "Application command names must be unique",
                )
        for kind, most in _MOST.items():
            errors.count((), [name for name in names if name[1] == kind], most=most)
        errors.settle()
        before = {(command["name"], command["type"]): command for command in self.all(guild_id)}
        after = [self._registered(guild_id, form, before) for form in forms]
        self._scopes[guild_id] = {command["id"]: command for command in after}
        return after

    def put(self, guild_id: int | None, form: dict[str, Any]) -> Registered:
        """Register one command; one of the same name is replaced."""
        errors = FormErrors()
        check(form, errors, ())
        errors.settle()
        before = {(command["name"], command["type"]): command for command in self.all(guild_id)}
        command = self._registered(guild_id, form, before)
        self._scopes.setdefault(guild_id, {})[command["id"]] = command
        return command

    def change(self, guild_id: int | None, command_id: str, form: dict[str, Any]) -> Registered:
        before = self.one(guild_id, command_id)
        whole = {**before, **form}
        errors = FormErrors()
        check(whole, errors, ())
        errors.settle()
        changed = self._registered(guild_id, whole, {(whole["name"], before["type"]): before})
        self._scopes[guild_id][command_id] = changed
        return changed

    def remove(self, guild_id: int | None, command_id: str) -> None:
        self.one(guild_id, command_id)
        del self._scopes[guild_id][command_id]

    def _registered(
        self, guild_id: int | None, form: dict[str, Any], before: dict[tuple[str, int], Registered]
    ) -> Registered:
        command = filled_in(form, guild_id=guild_id)
        old = before.get((command["name"], command["type"]))
        if old is None:
            self._created += 1
            if self._created > _CREATES_A_DAY:
                raise Refusal(30034)
            return {"id": str(self._ids.take()), **self._signed(), **command}
        if {key: value for key, value in old.items() if key in command} == command:
            return old
        return {**self._signed(), **command, "id": old["id"]}

    def _signed(self) -> dict[str, str]:
        return {"application_id": str(self._application_id), "version": str(self._ids.take())}
