"""Renders a private reply, a sentence or a refusal as one Discord message. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.chat.controls import PHASE_EMOJI
from adapters.chat.text import code_block, sanitize_line
from adapters.discord.messages.admin_forms import key_row, setup_rows
from adapters.discord.messages.buttons import (
    Component,
    confirmation_row,
    job_selects,
    page_row,
    pending_row,
    settings_row,
)
from adapters.discord.messages.cards import (
    ALT,
    COLOUR,
    DESCRIPTION,
    EMBED,
    FIELD_NAME,
    FIELD_VALUE,
    FIELDS,
    TITLE,
    ZERO_WIDTH,
    Payload,
    alt_text,
    embed_size,
    escape_markdown,
    render_card,
)
from adapters.discord.messages.command_form import form_rows
from adapters.discord.messages.strings import STRINGS
from adapters.discord.rest.permissions import MissingPermissions
from bot.domain.cards.card import CardView
from bot.domain.command_text.job_settings import JobSettings
from bot.domain.command_text.parsing import parse
from bot.domain.errors import InvalidRequest, Refused
from bot.domain.ids import short_id
from bot.domain.money.pricing import MICROUSD
from bot.domain.options import Kind, Option, options
from bot.domain.text import replace_moments
from bot.service.replies import PrivateReply, ReplyFile

_BLURPLE = 0x5865F2
#: characters of a prompt in a list of fifty jobs: with emoji, id and time no line is longer than 75
_PROMPT = 40
#: Discord's limit of embeds, each of which shows one job with its picture
_EMBEDS = 10
#: characters of a prompt and of a headline in such an embed: all embeds together have 6,000
_LISTED_PROMPT, _LISTED_HEADLINE, _LISTED_FACTS = 160, 120, 120
_TEXT = 2_000
#: Discord's limits: characters of a message's content, rows of components
_CONTENT, _ROWS = 2_000, 5


def render_reply(reply: PrivateReply) -> Payload:
    """Render one job like its card, and several as a list to choose from."""
    if reply.listed and len(reply.views) <= _EMBEDS:
        return _list(reply)
    if len(reply.views) == 1 and reply.file is None:
        card = render_card(reply.views[0])
        return card if reply.settings is None else _with_settings(card, reply.views[0], reply.settings)
    text = "\n".join(_with_moments(escape_markdown(line, _TEXT)) for line in reply.text.splitlines())
    lines = [line for line in (text[:_TEXT], *_job_lines(reply.views)) if line]
    rows = [*job_selects(reply.views), *page_row(reply.pages), *confirmation_row(reply.choices)]
    rows += form_rows(reply.commands)
    if reply.asks_for_key:
        rows.append(key_row())
    if reply.pending is not None:
        rows.append(pending_row(reply.pending))
    if reply.setup is not None:
        rows += setup_rows(reply.setup)
    embed: Payload = {
        "title": escape_markdown(reply.title, TITLE),
        "description": "\n".join(lines)[:DESCRIPTION],
        "color": _BLURPLE,
        "fields": [_field(option_syntax(label), value) for label, value in reply.fields[:FIELDS]],
    }
    _truncate_fields(embed, len(reply.fields))
    return _message(embeds=[embed], components=rows)


def _with_settings(card: Payload, view: CardView, settings: JobSettings) -> Payload:
    """The card of one job, with its command to be copied and a button that opens it as a form."""
    return {
        **card,
        "content": code_block(slash_command(settings), _CONTENT),
        "components": [*card["components"], settings_row(view)][:_ROWS],
    }


def slash_command(settings: JobSettings) -> str:
    """The command with every option, as Discord writes it."""
    written = []
    for name, value in settings.texts.items():
        option = next(one for one in options(settings.command) if one.name == name)
        field = f"{name}_from" if option.kind is Kind.MEDIA else name
        shown = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
        written.append(f"{field}:{shown}")
    return " ".join((f"/{settings.command.name}", *written))


def _list(reply: PrivateReply) -> Payload:
    """A page of a list: an embed for each job, whose picture is added by `with_thumbnails`."""
    embeds = [_listed(number, view) for number, view in enumerate(reply.views, 1)]
    embeds[0]["author"] = {"name": sanitize_line(reply.title, TITLE)}
    page = f"[{STRINGS.page}](<{reply.link}>)" if reply.link else ""
    rows = [*job_selects(reply.views), *page_row(reply.pages)]
    return _message(content=page, embeds=embeds, components=rows)


def _listed(number: int, view: CardView) -> Payload:
    (job,) = view.jobs
    title = escape_markdown(view.title, _LISTED_PROMPT) or STRINGS.untitled
    facts = escape_markdown(" · ".join(job.facts), _LISTED_FACTS)
    lines = (
        f"**{number} · {title}**",
        f"{PHASE_EMOJI[job.phase]} {escape_markdown(job.headline, _LISTED_HEADLINE)}",
        f"{facts} · <t:{view.created_at // 1000}:R>",
    )
    return {"description": "\n".join(lines), "color": COLOUR[job.phase]}


def with_thumbnails(payload: Payload, reply: PrivateReply, found: Mapping[str, bytes]) -> Payload:
    """A page of a list with the pictures that were found, by job; they are uploaded in this order."""
    attachments: list[Payload] = []
    embeds = []
    for embed, view in zip(payload["embeds"], reply.views, strict=True):
        (job,) = view.jobs
        if job.id in found:
            name = f"{job.id}.jpg"
            attachments.append({"id": len(attachments), "filename": name, "description": alt_text(job)})
            embed = {**embed, "thumbnail": {"url": f"attachment://{name}"}}  # noqa: PLW2901 - with its picture
        embeds.append(embed)
    return {**payload, "embeds": embeds, "attachments": attachments}


def with_file(payload: Payload, file: ReplyFile) -> Payload:
    """The reply with its file, which is uploaded as the first one of the message; a picture is shown."""
    (embed,) = payload["embeds"]
    attachment = {"id": 0, "filename": file.name}
    if file.is_picture:
        embed = {**embed, "image": {"url": f"attachment://{file.name}"}}
        attachment["description"] = sanitize_line(file.alt, ALT)
    return {**payload, "embeds": [embed], "attachments": [attachment]}


def render_text(text: str, *, components: Sequence[Component] = ()) -> Payload:
    """Render a sentence that may hold text from people."""
    return render_markdown(escape_markdown(text, _CONTENT), components=components)


def render_markdown(text: str, *, components: Sequence[Component] = ()) -> Payload:
    """Render a sentence that is Discord markdown already."""
    return _message(content=text[:_CONTENT], components=components)


def render_refusal(refusal: Refused) -> Payload:
    """Render why something was refused, with the remedy."""
    text = str(refusal)
    return render_markdown(text) if isinstance(refusal, MissingPermissions) else render_text(text)


def option_syntax(text: str) -> str:
    """Write an example such as `/reframe 9:16 with more sky`, or an option `--name`, as Discord shows it."""
    if not text.startswith("/"):
        return text.removeprefix("--")
    try:
        command = parse(text)
    except InvalidRequest:
        return text
    given = (one for one in options(type(command)) if one.name in command.model_fields_set)
    return " ".join((f"/{command.name}", *(f"{one.name}:{_value(one, command)}" for one in given)))


def _message(
    *, content: str = "", embeds: Sequence[Payload] = (), components: Sequence[Component] = ()
) -> Payload:
    return {
        "content": content,
        "embeds": list(embeds),
        "components": list(components),
        "allowed_mentions": {"parse": []},
    }


def _job_lines(views: Sequence[CardView]) -> list[str]:
    return [
        f"{PHASE_EMOJI[job.phase]} {escape_markdown(view.title, _PROMPT)} · #{short_id(job.id)} · "
        f"<t:{view.created_at // 1000}:R>"
        for view in views
        for job in view.jobs
    ]


def _field(label: str, value: str) -> Payload:
    name, text = escape_markdown(label, FIELD_NAME), _with_moments(escape_markdown(value, FIELD_VALUE))
    return {"name": name or ZERO_WIDTH, "value": text or ZERO_WIDTH, "inline": False}


def _with_moments(text: str) -> str:
    """The text with each moment as a timestamp, which Discord shows in the reader's time zone."""
    return replace_moments(text, lambda at: f"<t:{at // 1000}:f>")


def _value(option: Option, command: Any) -> str:
    value = getattr(command, option.name)
    return f"{value / MICROUSD:g}" if option.kind is Kind.MONEY else str(value)


def _truncate_fields(embed: Payload, count: int) -> None:
    """Remove last fields until Discord's limits are kept, and say how many are missing."""
    fields = embed["fields"]
    while True:
        if missing := count - len(fields):
            embed["footer"] = {"text": STRINGS.left_out.format(count=missing)}
        if not fields or embed_size(embed) <= EMBED:
            return
        fields.pop()
