"""The service's host names, and a resolver that leads a client in this process to the fake."""

import socket

from aiohttp.abc import AbstractResolver, ResolveResult

from tests.platforms.fake_discord.gateway.gateway import RESUME_HOST
from tests.platforms.fake_discord.state.files import CDN_HOST, PROXY_HOST

HOSTS = ["discord.com", "gateway.discord.gg", RESUME_HOST, CDN_HOST, PROXY_HOST]


class LoopbackResolver(AbstractResolver):
    """Sends the service's names to one port of this machine and refuses every other name."""

    def __init__(self, port: int) -> None:
        self._port = port
        #: names that were asked for and not found
        self.refused: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        del port, family
        if host not in HOSTS:
            self.refused.append(host)
            raise OSError(f"{host} is no host of the service")
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self._port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        pass
