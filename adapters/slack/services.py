"""What the inlet and the outlet share."""

from dataclasses import dataclass

from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.result_files import MediaLinker, ResultFiles, media_linker
from adapters.slack.delivery.attachments import AttachmentPlanner
from adapters.slack.delivery.file_uploader import FileUploader
from adapters.slack.delivery.publisher import CardPublisher
from adapters.slack.delivery.uploaded_media import UploadStore
from adapters.slack.messages.strings import ENGLISH
from adapters.slack.oauth.installations import InstallationStore
from adapters.slack.oauth.token_rotation import TokenRefresher
from adapters.slack.settings import SlackSettings
from adapters.slack.web_api.client import WebApi, web_client
from adapters.slack.web_api.files import SlackFiles
from adapters.slack.web_api.tokens import SingleToken, TokenSource
from adapters.slack.web_api.users import UserDirectory
from bot.service.plugin import AdapterContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The door to the API, and what is behind it."""

    slack: WebApi
    #: the library's own client, for what the inlet's library asks by itself
    client: AsyncWebClient
    tokens: TokenSource
    people: UserDirectory
    files: SlackFiles
    shrinking: ResultFiles
    publisher: CardPublisher
    #: our own page for a file, where people can open one
    link: MediaLinker

    async def close(self) -> None:
        await self.shrinking.close()
        await self.slack.close()


def open_services(context: AdapterContext, settings: SlackSettings) -> Services:
    """Make everything that needs no socket; nothing is sent before it is used."""
    clock, proxy = context.clock, context.settings.https_proxy
    client = web_client(settings.api_base, proxy=proxy)
    tokens = tokens_for(context, settings, client)
    slack = WebApi(tokens, settings.api_base, proxy=proxy, alone=not settings.by_oauth)
    uploads, link = UploadStore(context.adapter_data), media_linker(context)
    shrinking = ResultFiles(context.library)
    ladder = AttachmentPlanner(shrinking, FileUploader(uploads, clock), link, ENGLISH)
    return Services(
        slack=slack,
        client=client,
        tokens=tokens,
        people=UserDirectory(slack, clock, admins=settings.admins),
        files=SlackFiles(slack, tokens, settings.api_base),
        shrinking=shrinking,
        publisher=CardPublisher(slack=slack, ladder=ladder, uploads=uploads, clock=clock),
        link=link,
    )


def tokens_for(context: AdapterContext, settings: SlackSettings, client: AsyncWebClient) -> TokenSource:
    """Each workspace's own token where people install the app, else the one of the settings."""
    if settings.client_id is None or settings.client_secret is None or not settings.by_oauth:
        return SingleToken(settings.bot_token or SecretStr(""))
    rotation = TokenRefresher(
        client,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        clock=context.clock,
    )
    return InstallationStore(context.adapter_data, context.clock, rotation)
