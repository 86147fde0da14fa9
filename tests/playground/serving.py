"""A playground over real sockets, with a studio of the test's own behind it."""

import asyncio
import io
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from PIL import Image, ImageDraw
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.playground.connecting import connect
from bot.domain.jobs import Picture
from bot.engine.adapter import Adapter
from bot.settings import Settings
from bot.signing import Signer
from tests.playground.fakes import FakeStudio, FakeVault

SIGNER = Signer(b"a secret of the tests" * 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running playground and what stands behind it."""

    url: str
    adapter: Adapter
    studio: FakeStudio
    vault: FakeVault
    server: uvicorn.Server

    def client(self, **options: Any) -> httpx.AsyncClient:
        headers = {"Origin": self.url} | options.pop("headers", {})
        return httpx.AsyncClient(base_url=self.url, headers=headers, trust_env=False, timeout=10, **options)


@asynccontextmanager
async def serve(
    settings: Settings | None = None,
    *,
    studio: FakeStudio | None = None,
    vault: FakeVault | None = None,
    port: int = 0,
) -> AsyncIterator[Served]:
    """Serve a playground on a free port until the block ends."""
    studio, vault = studio or FakeStudio(), vault or FakeVault()
    settings = settings or Settings(playground_password=None)
    adapter = connect(settings=settings, studio=studio, vault=vault, signer=SIGNER, clock=lambda: studio.now)
    studio.outlet = adapter.outlet
    app = Starlette(routes=[*adapter.routes, Route("/media/{token}", _media(studio))])
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    server = _Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_keep_alive=1))
    assert adapter.inlet is not None
    with listening:
        async with asyncio.TaskGroup() as tasks:
            inlet = tasks.create_task(adapter.inlet.run(), name="inlet")
            serving = tasks.create_task(server.serve(sockets=[listening]), name="server")
            await server.ready.wait()
            try:
                url = f"http://127.0.0.1:{listening.getsockname()[1]}"
                yield Served(url=url, adapter=adapter, studio=studio, vault=vault, server=server)
            finally:
                inlet.cancel()
                server.should_exit = True
                async with asyncio.timeout(10):
                    await serving


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def _media(studio: FakeStudio) -> Any:
    async def media(request: Request) -> Response:
        file = SIGNER.verify("media", request.path_params["token"], now=studio.now)
        pictures = [view.jobs[0].picture for view in studio.views.values()]
        picture = next(found for found in pictures if found is not None and found.file == file)
        return Response(await asyncio.to_thread(_paint, picture), media_type="image/jpeg")

    return media


def _paint(picture: Picture) -> bytes:
    """Paint hills under a moon, in colours that depend on the file."""
    small = (picture.width // 8, picture.height // 8)
    seed = sum(picture.file.encode()) % 3
    top, low, hill = (
        ((24, 42, 66), (232, 164, 96), (36, 72, 74)),
        ((70, 40, 52), (240, 196, 150), (92, 62, 44)),
        ((36, 70, 82), (238, 220, 178), (60, 94, 70)),
    )[seed]
    image = Image.new("RGB", small)
    draw = ImageDraw.Draw(image)
    width, height = small
    for y in range(height):
        part = y / height
        colour = tuple(round(a + (b - a) * part) for a, b in zip(top, low, strict=True))
        draw.line(((0, y), (width, y)), fill=colour)
    radius = min(small) // 7
    draw.ellipse(
        (width * 0.66 - radius, height * 0.28 - radius, width * 0.66 + radius, height * 0.28 + radius),
        fill=(250, 232, 190),
    )
    draw.ellipse((-width * 0.4, height * 0.62, width * 0.8, height * 1.6), fill=hill)
    draw.ellipse(
        (width * 0.35, height * 0.72, width * 1.5, height * 1.7), fill=tuple(one // 2 for one in hill)
    )
    out = io.BytesIO()
    image.resize((picture.width, picture.height), Image.Resampling.BICUBIC).save(out, "JPEG", quality=80)
    return out.getvalue()
