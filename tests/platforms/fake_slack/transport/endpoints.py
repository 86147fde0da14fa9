"""Endpoints besides the Web API: uploads, downloads and response URLs."""

from dataclasses import dataclass
from urllib.parse import unquote

from tests.platforms.fake_slack.methods.chat import draft_of, shows
from tests.platforms.fake_slack.rules.refusals import Json, Refusal
from tests.platforms.fake_slack.state.deliveries import ResponseUrl
from tests.platforms.fake_slack.state.files import Stage
from tests.platforms.fake_slack.state.messages import Message
from tests.platforms.fake_slack.state.world import World
from tests.platforms.fake_slack.state.writing import delete, edit, post

_LOGIN = b"<!DOCTYPE html><html><head><title>Sign in to Slack</title></head><body>Sign in</body></html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    body: bytes
    status: int = 200
    content_type: str = "text/plain"


def receive(world: World, path: str, content: bytes) -> Answer:
    """Take the bytes of a file that was announced; they come once, and as many as were announced."""
    ticket = path.removeprefix("/upload/v1/")
    file = next((each for each in world.files.values() if each.ticket == ticket), None)
    if file is None or file.stage is not Stage.ANNOUNCED:
        return Answer(status=404, body=b"Upload not found")
    if len(content) != file.length:
        return Answer(status=400, body=b"Wrong length")
    file.content, file.stage = content, Stage.SENT
    return Answer(body=f"OK - {len(content)}".encode())


def download(world: World, path: str, token: str | None) -> Answer:
    """Give a file to whom may see it; everybody else gets a page to sign in on, with status 200."""
    file_id = unquote(path).split("/")[2].partition("-")[2]
    file = world.files.get(file_id)
    if file is None or file.stage is Stage.DELETED:
        return Answer(status=404, body=b"Not found")
    try:
        found = world.tokens.find(token)
    except Refusal:
        return Answer(body=_LOGIN, content_type="text/html")
    viewer = None if found.installation is None else found.installation.bot
    if "files:read" not in found.scopes or viewer is None or not file.visible_to(viewer):
        return Answer(body=_LOGIN, content_type="text/html")
    return Answer(body=file.content, content_type=file.mimetype)


def respond(world: World, path: str, body: Json) -> Answer:
    """Take one of five answers to an interaction, within half an hour."""
    url = world.response_urls.get(path)
    if url is None:
        return Answer(status=404, body=b"No service")
    if url.is_over(world.clock.now_ms()):
        return _refused(404, "expired_url")
    if url.is_used_up:
        return _refused(404, "used_url")
    try:
        answered = respond_at(world, url, body)
    except Refusal as refusal:
        return _refused(500, refusal.error)
    url.uses += 1
    if answered is not None:
        url.responses.append(answered)
    world.changes.notify()
    return Answer(body=b"ok", content_type="text/html")


def respond_at(world: World, url: ResponseUrl, body: Json) -> Message | None:
    """Write, replace or delete what an answer says; only a message with a button can be replaced."""
    source = url.source
    if _flag(body, "delete_original") and source is not None:
        delete(world, source)
        return None
    bot = url.channel.team.bot
    draft = draft_of(body)
    draft.check(shows=shows(world, bot))
    if _flag(body, "replace_original") and source is not None:
        if source.deleted:
            raise Refusal("message_not_found")
        edit(world, source, draft)
        return source
    alone = body.get("response_type", "ephemeral") == "ephemeral"
    return post(
        world,
        url.channel,
        bot,
        draft,
        thread_ts=body.get("thread_ts"),
        only_for=url.user if alone else None,
    )


def _refused(status: int, error: str) -> Answer:
    return Answer(
        status=status, body=f'{{"ok":false,"error":"{error}"}}'.encode(), content_type="application/json"
    )


def _flag(body: Json, name: str) -> bool:
    return str(body.get(name, "")).lower() == "true"
