"""The pages and their files.

The address of a file contains a digest of all files. So a browser keeps a file without asking again, and a
page never mixes two versions.
"""

import hashlib
import re
from functools import cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC_PATH = "/playground/static"

_FOLDER = Path(__file__).parent.with_name("static")
_VERSIONED = re.compile(r"(v[0-9a-f]{16})/(.+)")
_YEAR_S = 365 * 24 * 3600


class StaticApp(StaticFiles):
    """Serves the files under their version.

    Without a version, or with that of another replica, a file is sent as it is here and asked for again
    each time.
    """

    def __init__(self) -> None:
        super().__init__(directory=_FOLDER)

    async def get_response(self, path: str, scope: Scope) -> Response:
        versioned = _VERSIONED.fullmatch(path)
        version, path = versioned.groups() if versioned else ("", path)
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            return JSONResponse({"error": error.detail}, status_code=error.status_code)
        kept = f"public, max-age={_YEAR_S}, immutable"
        response.headers["Cache-Control"] = kept if version == _version() else "no-cache"
        return response


def static_page(name: str) -> Response:
    """Return a page, which refers to its files by their version and is asked for again each time."""
    return HTMLResponse(_content(name), headers={"Cache-Control": "no-cache"})


@cache
def _content(name: str) -> str:
    text = (_FOLDER / name).read_text(encoding="utf-8")
    return text.replace(f"{STATIC_PATH}/", f"{STATIC_PATH}/{_version()}/")


@cache
def _version() -> str:
    digest = hashlib.sha256()
    for path in sorted(_FOLDER.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            digest.update(f"{path.relative_to(_FOLDER)} {len(content)}\n".encode())
            digest.update(content)
    return f"v{digest.hexdigest()[:16]}"
