"""Files: upload URLs, completion, information, deletion."""

import secrets

from tests.platforms.fake_slack.methods.routing import Call, Methods, Tier
from tests.platforms.fake_slack.rules.refusals import Json, Refusal
from tests.platforms.fake_slack.state.files import File, Stage
from tests.platforms.fake_slack.state.payloads import file_json
from tests.platforms.fake_slack.state.places import Channel
from tests.platforms.fake_slack.state.writing import drop, process

methods = Methods()

_ALT_TEXT = 1000


@methods.on("files.getUploadURLExternal", Tier.FOUR, scope="files:write")
def announce_upload(call: Call) -> Json:
    world = call.world
    length = call.number("length", 0)
    if length < 1:
        raise Refusal("invalid_arguments", messages=["[ERROR] must be greater than 0 [json-pointer:/length]"])
    if length > world.file_limit:
        raise Refusal("file_upload_size_restricted")
    alt_text = call.option("alt_txt")
    if len(alt_text or "") > _ALT_TEXT:
        raise Refusal("alt_txt_too_large")
    file = File(
        id=world.new_id("F"),
        team=call.bot.team,
        owner=call.bot,
        name=call.text("filename"),
        length=length,
        created_ms=world.clock.now_ms(),
        alt_text=alt_text,
        ticket=secrets.token_urlsafe(24),
    )
    world.files[file.id] = file
    return {
        "upload_url": world.addresses.of("files.slack.com", f"/upload/v1/{file.ticket}"),
        "file_id": file.id,
    }


@methods.on("files.completeUploadExternal", Tier.FOUR, scope="files:write")
def complete_upload(call: Call) -> Json:
    """End an upload; what it is and where it is shared comes after the service has looked at it."""
    named = call.structure("files", "invalid_arguments")
    if not isinstance(named, list) or not named:
        raise Refusal("invalid_arguments", messages=["[ERROR] missing required field: files"])
    channel = _target(call)
    thread_ts = call.option("thread_ts")
    if thread_ts is not None and channel is None:
        raise Refusal("invalid_channel")
    found = [_uploaded(call, each) for each in named]
    for file, each in zip(found, named, strict=True):
        file.title = each.get("title") or file.name
        process(call.world, file, channel, thread_ts, call.option("initial_comment") or "")
    return {"files": [{"id": file.id, "title": file.title} for file in found]}


@methods.on("files.info", Tier.FOUR, scope="files:read")
def info(call: Call) -> Json:
    return {
        "file": file_json(_known(call), call.world),
        "comments": [],
        "response_metadata": {"next_cursor": ""},
    }


@methods.on("files.delete", Tier.THREE, scope="files:write")
def delete_file(call: Call) -> Json:
    file = _known(call)
    if file.owner is not call.bot:
        raise Refusal("cant_delete_file")
    drop(call.world, file)
    return {}


def _target(call: Call) -> Channel | None:
    if call.option("channel_id") is None:
        return None
    channel = call.channel("channel_id")
    if call.bot not in channel.members:
        raise Refusal("not_in_channel")
    if channel.archived:
        raise Refusal("posting_to_channel_denied")
    return channel


def _uploaded(call: Call, named: Json) -> File:
    """Find a file whose bytes are here and that nobody has completed yet."""
    file = call.world.files.get(str(named.get("id")))
    if file is None or file.stage not in (Stage.ANNOUNCED, Stage.SENT):
        raise Refusal("file_not_found")
    if file.owner is not call.bot:
        raise Refusal("access_denied")
    if file.stage is Stage.ANNOUNCED:
        raise Refusal("file_update_failed")
    return file


def _known(call: Call) -> File:
    file = call.world.files.get(call.text("file"))
    if file is None or file.stage in (Stage.ANNOUNCED, Stage.SENT) or not file.visible_to(call.bot):
        raise Refusal("file_not_found")
    if file.stage is Stage.DELETED:
        raise Refusal("file_deleted")
    return file
