"""Slash commands and mentions: parses the text, or opens the command's modal where there is none.

Slack escapes three characters, and sends people, channels and links in angle brackets with their ids. Angle
brackets that somebody typed arrive escaped.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from html import unescape

from adapters.slack.events.command_modal import CommandModal
from adapters.slack.events.context import EventContext
from adapters.slack.events.replies import Ack, Replies
from adapters.slack.events.requests import PendingRequest, RequestRunner
from adapters.slack.messages.message_files import forwarded_files, media_in, reference_to
from adapters.slack.messages.modals import has_modal
from adapters.slack.messages.strings import GENERAL_COMMAND
from adapters.slack.places import ADAPTER, member_caller, message_id
from bot.domain.command_text.parsing import parse_options, split_command
from bot.domain.commands import CATALOGUE, Command, GenerateCommand, Help, StudioSetup
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import Reference
from bot.domain.identity import Caller
from bot.domain.named_options import dump_named
from bot.domain.options import Kind, options
from bot.service.replies import Reply

_BRACKETS = re.compile(r"<(?P<target>[^<>|]+)(?:\|(?P<label>[^<>]*))?>")
_USER = re.compile(r"@(?P<user>[UW][A-Z0-9]+)")
_GROUP = re.compile(r"!subteam\^(?P<group>S[A-Z0-9]+)")
_CHANNEL = re.compile(r"#(?P<channel>[CG][A-Z0-9]+)")
_USER_MENTION = re.compile(r"<@(?P<user>[UW][A-Z0-9]+)(?:\|(?P<label>[^<>]*))?>")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """A command and the rest of its line, still in Slack's markup."""

    command: type[Command]
    rest: str

    @property
    def opens_modal(self) -> bool:
        """Whether nothing was written for a command that has something to fill in."""
        return not self.rest and has_modal(self.command)

    @property
    def unnamed_users(self) -> tuple[str, ...]:
        """Users that are mentioned by id only."""
        found = (mention["user"] for mention in _USER_MENTION.finditer(self.rest) if not mention["label"])
        return tuple(dict.fromkeys(found))

    def parse(self, team: str, names: Mapping[str, str]) -> Command:
        """Parse the options; raises InvalidRequest. `names` has the names of unnamed users, by id."""
        # A command with a member option gets ids, any other text gets names.
        member_team = team if self._takes(Kind.MEMBER) else None
        kinds = {kind for kind in (Kind.ROLE, Kind.CHANNEL) if self._takes(kind)}

        def replace_brackets(match: re.Match[str]) -> str:
            target, label = match["target"], match["label"]
            return _subject(target, label, kinds) or _plain(target, label, member_team, names)

        return parse_options(self.command, unescape(_BRACKETS.sub(replace_brackets, self.rest)))

    def mentioned_members(self, team: str, names: Mapping[str, str]) -> tuple[Caller, ...]:
        """The mentioned members, for a command that takes any."""
        if not self._takes(Kind.MEMBER):
            return ()
        labels = {
            mention["user"]: mention["label"] or names.get(mention["user"], "")
            for mention in _USER_MENTION.finditer(self.rest)
        }
        return tuple(member_caller(team, user, label or user) for user, label in labels.items())

    def _takes(self, kind: Kind) -> bool:
        return any(option.kind is kind for option in options(self.command))


@dataclass(frozen=True, slots=True, kw_only=True)
class SlashCommandHandler:
    """Handles what people type."""

    requests: RequestRunner
    replies: Replies
    modal: CommandModal

    async def slash_command(self, context: EventContext, ack: Ack) -> None:
        """A native command, or any command after the general one."""
        body = context.body
        name, text = str(body["command"]), str(body.get("text") or "").strip()
        line = text if name == GENERAL_COMMAND else f"{name} {text}"

        async def request() -> Reply | None:
            if not line:
                await self.modal.open_any(context)
                return None
            command_line = parse_line(line)
            if command_line.opens_modal:
                await self.modal.open(context, command_line.command)
                return None
            return await self._run(context, command_line)

        await self.replies.answer(context, request, ack)

    async def set_up(self, context: EventContext, ack: Ack) -> None:
        """The button that opens the set-up of the workspace; only admins get the modal."""

        async def request() -> Reply | None:
            identified = await self.requests.identify(context)
            await self.modal.open(identified, StudioSetup)
            return None

        await self.replies.answer(context, request, ack)

    async def open_form(self, context: EventContext, ack: Ack) -> None:
        """The button under /help that opens the form of the explained command, or of any."""

        async def request() -> Reply | None:
            identified = await self.requests.identify(context)
            command = CATALOGUE.get(str(context.body["actions"][0].get("value")))
            if command is not None and has_modal(command):
                await self.modal.open(identified, command)
            else:
                await self.modal.open_any(identified)
            return None

        await self.replies.answer(context, request, ack)

    async def mention(self, context: EventContext) -> None:
        """A message that mentions the bot; raises StoreError, so that Slack sends it again."""
        event = context.event
        text = text_after_mention(str(event.get("text") or ""), context.bot_user)

        async def request() -> Reply:
            if not text:
                return await self.requests.run(context, PendingRequest.of_command(Help()))
            own, forwarded = event.get("files") or (), forwarded_files(event)
            files = (
                *map(reference_to, await self.requests.complete_files(context, own)),
                *media_in(await self.requests.complete_files(context, forwarded)),
            )
            return await self._run(context, parse_line(text), files)

        await self.replies.answer_event(context, request)

    async def _run(self, context: EventContext, line: CommandLine, files: Sequence[Reference] = ()) -> Reply:
        names = await self.requests.user_names(context, line.unnamed_users)
        command = line.parse(context.team, names)
        replied = None if files else await self._replied_job(context, command)
        request = PendingRequest.of_command(command, files, replied=replied)
        mentioned = line.mentioned_members(context.team, names)
        return await self.requests.run(context, request, mentioned=mentioned)

    async def _replied_job(self, context: EventContext, command: Command) -> str | None:
        """The job of the card in whose thread a command was written that names no source.

        Raises InvalidRequest where the card has several jobs: none of them is more likely than another.
        """
        thread = context.location.thread
        if thread is None or not isinstance(command, GenerateCommand) or command.default_source is None:
            return None
        if getattr(command, command.default_source[0]):
            return None
        root = message_id(context.location.channel, thread)
        card = await self.requests.service.card_by_message(ADAPTER, root)
        if card is not None and len(card.jobs) > 1:
            raise InvalidRequest(
                f"This card has {len(card.jobs)} results, and your message does not say which one. "
                "Nothing was charged. Use the list and buttons under the card, or write the job's id"
            )
        return card.jobs[0] if card is not None else None


def parse_line(text: str) -> CommandLine:
    """Find the command; raises InvalidRequest for an unknown one."""
    command, rest = split_command(text)
    return CommandLine(command=command, rest=rest.strip())


def text_after_mention(text: str, user: str) -> str:
    """The text after the first mention of a user, the bot."""
    found = re.search(rf"<@{re.escape(user)}(?:\|[^<>]*)?>", text)
    return (text[found.end() :] if found else text).strip().lstrip(":,").strip()


def _subject(target: str, label: str | None, kinds: Collection[Kind]) -> str:
    """A mentioned user group or channel with its id, for a command that takes one; else empty."""
    if (group := _GROUP.fullmatch(target)) and Kind.ROLE in kinds:
        handle = (label or group["group"]).removeprefix("@")
        return dump_named(group["group"], f"@{handle}")
    if (channel := _CHANNEL.fullmatch(target)) and Kind.CHANNEL in kinds:
        return dump_named(channel["channel"], f"#{label}" if label else channel["channel"])
    return ""


def _plain(target: str, label: str | None, member_team: str | None, names: Mapping[str, str]) -> str:
    """One pair of brackets as plain text; a user as a member id with `member_team`, else by name."""
    user_match = _USER.fullmatch(target)
    if user_match is not None:
        user = user_match["user"]
        name = f"@{label or names.get(user) or user}"
        return name if member_team is None else f"{ADAPTER}:{member_team}:{user}"
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    if target.startswith("!"):
        kind, _, group = target[1:].partition("^")
        return label or f"@{group if kind == 'subteam' else kind}"
    for scheme in ("mailto:", "tel:"):
        if target.startswith(scheme):
            return label or target.removeprefix(scheme)
    linked_by_slack = label and target.rstrip("/").lower() == f"http://{label}".rstrip("/").lower()
    if label and linked_by_slack and "/" not in label.rstrip("/") and not label.lower().startswith("www."):
        # Slack made a link of a name such as node.js; with a path it is an address.
        return label
    # Any other label is the same address, shortened.
    return target
