"""Routes of the Luma Agents API."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.agents.files import Files, StoredFile, iso
from simulator.agents.generations import resolve, show
from simulator.agents.multipart import read_form
from simulator.agents.schemas import FILE_STATES, PURPOSES, CreateBody, FileBody, MediaRef
from simulator.api.fault_responses import apply_faults, response_of
from simulator.api.http import (
    JsonResponse,
    authenticate,
    base_url_of,
    parse_body,
    query_number,
    read_json,
)
from simulator.errors import ApiError
from simulator.formats import GenerationState
from simulator.generations.accounts import account_id
from simulator.generations.create import create_generation
from simulator.generations.database import Database
from simulator.generations.faults import Faults, FaultStage
from simulator.generations.generation import Generation
from simulator.generations.repository import Repository
from simulator.settings import SimulatorSettings

BASE = "/agents/v1"
_UPLOADS = "/agents/uploads"
_PAGE, _PAGE_MAX = 25, 100
#: largest file, and largest create with its pictures inside
_UPLOAD_MAX, _CREATE_MAX = 200_000_000, 200_000_000
#: largest file in one call; the API documents that there is a limit, not which
_INLINE_MAX = 20_000_000
_UPLOAD_VALID_MS = 3_600_000


class AgentsRoutes:
    def __init__(
        self,
        *,
        database: Database,
        repository: Repository,
        faults: Faults,
        files: Files,
        settings: SimulatorSettings,
        clock_ms: Callable[[], int],
        on_created: Callable[[Generation], None],
    ) -> None:
        self._database = database
        self._repository = repository
        self._faults = faults
        self._files = files
        self._settings = settings
        self._clock_ms = clock_ms
        self._on_created = on_created

    def routes(self) -> list[BaseRoute]:
        return [
            Route(f"{BASE}/generations", self.create, methods=["POST"]),
            Route(f"{BASE}/generations/{{id}}", self.get, methods=["GET"]),
            Route(f"{BASE}/files", self.create_file, methods=["POST"]),
            Route(f"{BASE}/files", self.list_files, methods=["GET"]),
            Route(f"{BASE}/files/{{id}}", self.get_file, methods=["GET"]),
            Route(f"{BASE}/files/{{id}}", self.delete_file, methods=["DELETE"]),
            Route(f"{BASE}/files/{{id}}/complete", self.complete_file, methods=["POST"]),
            Route(f"{_UPLOADS}/{{id}}", self.receive_file, methods=["PUT"]),
        ]

    async def create(self, request: Request) -> Response:
        account = _account(request)
        body = parse_body(await read_json(request, most=_CREATE_MAX), CreateBody)
        await apply_faults(self._faults, "create", account, body.prompt)
        body.check_rules()
        await self._check_references(body, account)
        now = self._clock_ms()

        async def store(content: bytes, mime_type: str) -> str:
            return await self._files.add_content(content, mime_type, account, now)

        new = await resolve(body, store)
        fault = await self._faults.consume("create", account, body.prompt, FaultStage.GENERATION)
        base_url = base_url_of(request)
        generation = await create_generation(
            new,
            account=account,
            fault=fault,
            base_url=base_url,
            database=self._database,
            settings=self._settings,
            clock_ms=self._clock_ms,
        )
        self._on_created(generation)
        after = await self._faults.consume("create", account, body.prompt, FaultStage.AFTER)
        if after is not None:
            return response_of(after)
        return JsonResponse(show(generation, self._clock_ms(), base_url), HTTPStatus.CREATED)

    async def get(self, request: Request) -> Response:
        account = _account(request)
        await apply_faults(self._faults, "get", account, "")
        generation = await self._own(request.path_params["id"], account)
        return JsonResponse(show(generation, self._clock_ms(), base_url_of(request)))

    async def create_file(self, request: Request) -> Response:
        account = _account(request)
        await apply_faults(self._faults, "any", account, "")
        content_type = request.headers.get("content-type", "")
        if content_type.startswith("multipart/form-data"):
            return await self._receive_form(content_type, request, account)
        if not content_type.startswith("application/json"):
            raise ApiError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send application/json or multipart/form-data")
        body = parse_body(await read_json(request), FileBody)
        now = self._clock_ms()
        file = StoredFile(id=str(uuid4()), account=account, created_at=now, **body.model_dump(mode="json"))
        await self._files.add(file)
        upload = {
            "method": "PUT",
            # The id is a capability: whoever knows it may send the content.
            "url": f"{base_url_of(request)}{_UPLOADS}/{file.id}",
            "headers": {"Content-Type": file.mime_type},
            "expires_at": iso(now + _UPLOAD_VALID_MS),
        }
        shown = file.document(now)
        created = {"id": file.id, "state": shown["state"], "file": shown, "upload": upload}
        return JsonResponse(created, HTTPStatus.CREATED)

    async def _receive_form(self, content_type: str, request: Request, account: str) -> Response:
        """Take a small file in one call; its examination begins at once."""
        texts, sent = read_form(content_type, await _content(request, most=_INLINE_MAX))
        fields = {"mime_type": sent.mime_type, "filename": sent.name, **texts}
        body = parse_body(fields | {"size_bytes": len(sent.content)}, FileBody)
        now = self._clock_ms()
        file = StoredFile(id=str(uuid4()), account=account, created_at=now, **body.model_dump(mode="json"))
        await self._files.add(file)
        await self._files.receive(file, sent.content)
        await self._files.complete(file, now)
        shown = file.document(now)
        created = {"id": file.id, "state": shown["state"], "file": shown, "upload": None}
        return JsonResponse(created, HTTPStatus.CREATED)

    async def receive_file(self, request: Request) -> Response:
        file = await self._files.find(request.path_params["id"])
        if file is None or file.ready_at is not None:
            raise ApiError(HTTPStatus.FORBIDDEN, "Request has expired")
        content = await _content(request, most=min(file.size_bytes, _UPLOAD_MAX))
        if len(content) != file.size_bytes or request.headers.get("content-type") != file.mime_type:
            raise ApiError(HTTPStatus.FORBIDDEN, "The file is not the one that was announced")
        await self._files.receive(file, content)
        return Response()

    async def complete_file(self, request: Request) -> Response:
        file = await self._own_file(request)
        now = self._clock_ms()
        if file.ready_at is None:
            try:
                await self._files.complete(file, now)
            except FileNotFoundError as error:
                raise ApiError(HTTPStatus.CONFLICT, "The content of the file has not arrived") from error
        return await self.get_file(request)

    async def get_file(self, request: Request) -> Response:
        return JsonResponse((await self._own_file(request)).document(self._clock_ms()))

    async def list_files(self, request: Request) -> Response:
        account = _account(request)
        await apply_faults(self._faults, "any", account, "")
        limit = min(query_number(request, "limit", _PAGE, minimum=1), _PAGE_MAX)
        now, query = self._clock_ms(), request.query_params
        found = await self._files.page(
            account,
            after=query.get("cursor", ""),
            purpose=_chosen(query.get("purpose", ""), "purpose", PURPOSES),
            state=_chosen(query.get("state", ""), "state", FILE_STATES),
            limit=limit + 1,
            now=now,
        )
        shown = found[:limit]
        has_more = len(found) > limit
        return JsonResponse(
            {
                "data": [file.document(now) for file in shown],
                "has_more": has_more,
                "next_cursor": shown[-1].id if has_more else None,
            }
        )

    async def delete_file(self, request: Request) -> Response:
        account = _account(request)
        if not await self._files.delete(request.path_params["id"], account, self._clock_ms()):
            raise ApiError(HTTPStatus.NOT_FOUND, "File not found")
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _own(self, generation_id: str, account: str) -> Generation:
        generation = await self._repository.find(generation_id)
        if generation is None or generation.account != account or generation.is_hidden:
            raise ApiError(HTTPStatus.NOT_FOUND, "Generation not found")
        return generation

    async def _own_file(self, request: Request) -> StoredFile:
        file = await self._files.find(request.path_params["id"], _account(request))
        if file is None:
            raise ApiError(HTTPStatus.NOT_FOUND, "File not found")
        return file

    async def _check_references(self, body: CreateBody, account: str) -> None:
        """Check that files and generations of the account can be used. Raises ApiError."""
        refs: list[MediaRef] = [*body.image_ref, *body.options.frames]
        for ref in refs if body.source is None else (*refs, body.source):
            if ref.file_id is not None:
                file = await self._files.find(ref.file_id, account)
                if file is None or file.state(self._clock_ms()) != "ready":
                    raise ApiError.bad_request(f"File {ref.file_id} is not ready")
            if ref.generation_id is not None:
                source = await self._own(ref.generation_id, account)
                if source.state(self._clock_ms()) is not GenerationState.COMPLETED:
                    raise ApiError.bad_request(f"Generation {ref.generation_id} is not completed")


def _chosen(value: str, name: str, among: Sequence[str]) -> str:
    """The value of a filter; raises ApiError."""
    if value and value not in among:
        message = f"Input should be {', '.join(map(repr, among))}"
        raise ApiError.invalid_field("enum", ("query", name), message, value)
    return value


def _account(request: Request) -> str:
    """The account of the request's key; the same key is another account at the other APIs."""
    return account_id(f"agents {authenticate(request)}")


async def _content(request: Request, *, most: int) -> bytes:
    """The body of a request; raises ApiError where it is larger than allowed."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > most:
            raise ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The file is larger than allowed")
    return bytes(content)
