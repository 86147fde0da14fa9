"""Maps method and path, as documented, to a function."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.platforms.fake_discord.rules.drafts import Draft, Upload
from tests.platforms.fake_discord.state.world import World

Answer = Any
Handler = Callable[["Call"], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, its path and body taken apart."""

    world: World
    #: the path's parts by name
    path: dict[str, str]
    query: dict[str, str]
    #: the JSON body, or the form's `payload_json`
    body: Any = None
    uploads: dict[int, Upload] = field(default_factory=dict)
    #: where the caller reaches the gateway
    gateway_url: str = ""

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() in ("1", "true")

    @property
    def draft(self) -> Draft:
        return Draft(body=self.body or {}, uploads=self.uploads)


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """An answer with status 201."""

    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    method: str
    template: str
    handler: Handler
    #: the path itself carries the right to do it
    by_token_in_path: bool
    pattern: re.Pattern[str]

    @property
    def key(self) -> str:
        return f"{self.method} {self.template}"


class Routes:
    """A table that one module fills and the service joins with the others."""

    def __init__(self) -> None:
        self.all: list[Route] = []

    def on(
        self, method: str, template: str, *, by_token_in_path: bool = False
    ) -> Callable[[Handler], Handler]:
        def keep(handler: Handler) -> Handler:
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
            self.all.append(
                Route(
                    method=method,
                    template=template,
                    handler=handler,
                    by_token_in_path=by_token_in_path,
                    pattern=re.compile(pattern),
                )
            )
            return handler

        return keep


def find(routes: list[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the route and the parts of its path; of several the one without a name in that place wins."""
    fitting = [
        (route, match)
        for route in routes
        if route.method == method and (match := route.pattern.fullmatch(path)) is not None
    ]
    if not fitting:
        return None
    route, match = min(fitting, key=lambda found: len(found[1].groupdict()))
    return route, match.groupdict()
