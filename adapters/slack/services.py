"""What receiving and delivering share."""

from dataclasses import dataclass

from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.result_files import MediaLinker, ResultFiles, media_linker
from adapters.slack.delivery.attachments import AttachmentPlanner
from adapters.slack.delivery.file_uploader import FileUploader
from adapters.slack.delivery.publisher import CardPublisher
from adapters.slack.delivery.reply_files import ReplyFiles
from adapters.slack.delivery.upload_store import UploadStore
from adapters.slack.messages.strings import ENGLISH
from adapters.slack.oauth.installations import InstallationStore
from adapters.slack.oauth.token_rotation import TokenRefresher
from adapters.slack.settings import SlackSettings
from adapters.slack.web_api.client import SingleToken, TokenSource, WebApi, web_client
from adapters.slack.web_api.files import SlackFiles
from adapters.slack.web_api.lookups import UserDirectory
from adapters.slack.web_api.user_groups import UserGroups
from bot.service.plugin import AdapterContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that needs no connection of its own."""

    web_api: WebApi
    #: the SDK's client, for bolt
    client: AsyncWebClient
    tokens: TokenSource
    users: UserDirectory
    groups: UserGroups
    files: SlackFiles
    result_files: ResultFiles
    uploads: UploadStore
    reply_files: ReplyFiles
    publisher: CardPublisher
    #: links to our media page
    link: MediaLinker

    async def close(self) -> None:
        await self.result_files.close()
        await self.web_api.close()


def open_services(context: AdapterContext, settings: SlackSettings) -> Services:
    """Assemble the services; nothing is sent before they are used."""
    clock, proxy = context.clock, context.settings.https_proxy
    client = web_client(settings.api_base, proxy=proxy)
    tokens = _token_source(context, settings, client)
    web_api = WebApi(tokens, settings.api_base, proxy=proxy, single_token=not settings.by_oauth)
    uploads, link = UploadStore(context.adapter_data), media_linker(context)
    result_files = ResultFiles(context.library)
    uploader = FileUploader(uploads, result_files, clock)
    planner = AttachmentPlanner(result_files, uploader, link, ENGLISH)
    return Services(
        web_api=web_api,
        client=client,
        tokens=tokens,
        users=UserDirectory(web_api, clock, admins=settings.admins),
        groups=UserGroups(web_api, clock),
        files=SlackFiles(web_api, tokens, settings.api_base),
        result_files=result_files,
        uploads=uploads,
        reply_files=ReplyFiles(context.adapter_data, clock, valid_ms=context.settings.times.confirmation),
        publisher=CardPublisher(web_api=web_api, planner=planner, uploads=uploads, clock=clock),
        link=link,
    )


def _token_source(context: AdapterContext, settings: SlackSettings, client: AsyncWebClient) -> TokenSource:
    """The stored token of each workspace with OAuth, else the one of the settings."""
    if settings.client_id is None or settings.client_secret is None or not settings.by_oauth:
        return SingleToken(settings.bot_token or SecretStr(""))
    refresher = TokenRefresher(
        client,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        clock=context.clock,
    )
    return InstallationStore(context.adapter_data, context.clock, refresher)
