"""A playground over real sockets, with a studio of the test's own behind it."""

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.playground.adapter import connect
from bot.domain.media import Media, MediaKind
from bot.security.tokens import TokenSigner
from bot.service.plugin import Adapter
from bot.settings import Settings
from bot.tls import tls_context
from tests.patience import PATIENCE_S
from tests.playground.fake_studio import FakeStudio
from tests.playground.fakes import FakeVault
from tests.playground.painting import picture, video

SIGNER = TokenSigner(b"a secret of the tests" * 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running playground and what stands behind it."""

    url: str
    adapter: Adapter
    service: FakeStudio
    adapter_data: FakeVault
    #: where files lie on their way in
    incoming: Path
    server: uvicorn.Server

    def client(self, **options: Any) -> httpx.AsyncClient:
        headers = {"Origin": self.url} | options.pop("headers", {})
        return httpx.AsyncClient(
            base_url=self.url,
            headers=headers,
            trust_env=False,
            verify=tls_context(),
            timeout=PATIENCE_S,
            **options,
        )


@asynccontextmanager
async def serve(
    settings: Settings | None = None,
    *,
    service: FakeStudio | None = None,
    adapter_data: FakeVault | None = None,
    incoming: Path | None = None,
    port: int = 0,
) -> AsyncIterator[Served]:
    """Serve a playground on a free port until the block ends."""
    service, adapter_data = service or FakeStudio(), adapter_data or FakeVault()
    settings = settings or Settings(playground_password=None)
    with tempfile.TemporaryDirectory() as folder:
        async with _serving(settings, service, adapter_data, incoming or Path(folder), port) as served:
            yield served


@asynccontextmanager
async def _serving(
    settings: Settings, service: FakeStudio, adapter_data: FakeVault, incoming: Path, port: int
) -> AsyncIterator[Served]:
    adapter = connect(
        settings=settings,
        service=service,
        adapter_data=adapter_data,
        incoming=incoming,
        signer=SIGNER,
        clock=lambda: service.now,
    )
    service.publisher = adapter.publisher
    app = Starlette(routes=[*adapter.routes, Route("/media/{token}", _media(service))])
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    server = _Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_keep_alive=1))
    assert adapter.receiver is not None
    with listening:
        async with asyncio.TaskGroup() as tasks:
            receiver = tasks.create_task(adapter.receiver.run(), name="inlet")
            serving = tasks.create_task(server.serve(sockets=[listening]), name="server")
            await server.ready.wait()
            try:
                url = f"http://127.0.0.1:{listening.getsockname()[1]}"
                yield Served(
                    url=url,
                    adapter=adapter,
                    service=service,
                    adapter_data=adapter_data,
                    incoming=incoming,
                    server=server,
                )
            finally:
                receiver.cancel()
                server.should_exit = True
                async with asyncio.timeout(PATIENCE_S):
                    await serving


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def _media(service: FakeStudio) -> Any:
    async def media(request: Request) -> Response:
        file = SIGNER.verify("media", request.path_params["token"], now=service.now)
        found = service.uploads.media[file.removesuffix(".still")]
        content = service.uploads.files.get(file) or await asyncio.to_thread(
            _made, found, still=file != found.file
        )
        return Response(content, media_type=found.mime if file == found.file else "image/jpeg")

    return media


def _made(media: Media, *, still: bool) -> bytes:
    if still or media.kind is MediaKind.PICTURE:
        return picture(media.width, media.height, seed=media.file)
    return video(media.width, media.height, duration_ms=media.duration_ms or 0, seed=media.file)
