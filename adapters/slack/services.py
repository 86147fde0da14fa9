"""What the inlet and the outlet share."""

from dataclasses import dataclass

from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.result_files import MediaLinker, ResultFiles, media_linker
from adapters.slack.delivery.attachments import Ladder
from adapters.slack.delivery.file_uploader import Sender
from adapters.slack.delivery.publisher import CardOutlet
from adapters.slack.delivery.uploaded_media import Uploads
from adapters.slack.messages.strings import ENGLISH
from adapters.slack.oauth.installations import Installations
from adapters.slack.oauth.token_rotation import Rotation
from adapters.slack.settings import SlackSettings
from adapters.slack.web_api.client import Slack, web_client
from adapters.slack.web_api.files import SlackFiles
from adapters.slack.web_api.tokens import OneToken, Tokens
from adapters.slack.web_api.users import People
from bot.service.plugin import AdapterContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The door to the API, and what is behind it."""

    slack: Slack
    #: the library's own client, for what the inlet's library asks by itself
    client: AsyncWebClient
    tokens: Tokens
    people: People
    files: SlackFiles
    shrinking: ResultFiles
    publisher: CardOutlet
    #: our own page for a file, where people can open one
    link: MediaLinker

    async def close(self) -> None:
        await self.shrinking.close()
        await self.slack.close()


def open_connection(context: AdapterContext, settings: SlackSettings) -> Connection:
    """Make everything that needs no socket; nothing is sent before it is used."""
    clock, proxy = context.clock, context.settings.https_proxy
    client = web_client(settings.api_base, proxy=proxy)
    tokens = tokens_for(context, settings, client)
    slack = Slack(tokens, settings.api_base, proxy=proxy, alone=not settings.by_oauth)
    uploads, link = Uploads(context.adapter_data), media_linker(context)
    shrinking = ResultFiles(context.library)
    ladder = Ladder(shrinking, Sender(uploads, clock), link, ENGLISH)
    return Connection(
        slack=slack,
        client=client,
        tokens=tokens,
        people=People(slack, clock, admins=settings.admins),
        files=SlackFiles(slack, tokens, settings.api_base),
        shrinking=shrinking,
        publisher=CardOutlet(slack=slack, ladder=ladder, uploads=uploads, clock=clock),
        link=link,
    )


def tokens_for(context: AdapterContext, settings: SlackSettings, client: AsyncWebClient) -> Tokens:
    """Each workspace's own token where people install the app, else the one of the settings."""
    if settings.client_id is None or settings.client_secret is None or not settings.by_oauth:
        return OneToken(settings.bot_token or SecretStr(""))
    rotation = Rotation(
        client,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        clock=context.clock,
    )
    return Installations(context.adapter_data, context.clock, rotation)
