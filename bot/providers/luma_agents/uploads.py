"""Uploads files to an account, each once, in the background.

A file is sent to a URL that the API returns for it, and can be used once the API has examined it. Both may
take longer than a claimed job may wait, so an upload continues after its caller has given up.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from bot.domain.errors import MediaRefused, MediaUnavailable, NotSent, Rejected
from bot.providers.base import InputFile
from bot.providers.http import ApiClient, Call
from bot.providers.luma_agents.responses import FileState, UploadedFile, read_file

#: how long the API keeps a file; it is used for a shorter time, because a create must find it there
_KEPT, _USED_S = timedelta(hours=24), 12 * 3600
#: an upload that takes longer is given up
_LONGEST_S = 900.0
#: between two requests whether a file is ready
_POLL_S, _POLL_MAX_S = 0.25, 3.0
_CHUNK = 1 << 18


class Uploads:
    """The files of one account."""

    def __init__(self, api: ApiClient, *, wait_s: float) -> None:
        """`wait_s` is how long a caller waits for an upload."""
        self._api = api
        self._wait_s = wait_s
        #: by name of the file, with the time of the event loop until which it is used
        self._uploads: dict[str, tuple[asyncio.Task[str], float]] = {}

    async def file_id(self, file: InputFile, *, end_user: str) -> str:
        """The id of an uploaded file; raises NotSent while it is being uploaded."""
        now = asyncio.get_running_loop().time()
        task, until = self._uploads.get(file.name, (None, 0.0))
        if task is None or now >= until:
            self._forget_old(now)
            task = asyncio.create_task(self._upload(file, end_user), name=f"upload {file.name}")
            self._uploads[file.name] = task, now + _USED_S
        await asyncio.wait([task], timeout=self._wait_s)
        if not task.done():
            raise NotSent("A file is still being uploaded to the generation API")
        if task.cancelled():
            raise NotSent("The upload of a file was stopped")
        if (error := task.exception()) is not None:
            # The next job tries again.
            self._uploads.pop(file.name, None)
            raise error
        return task.result()

    def forget(self, file_ids: Collection[str]) -> None:
        """Use these files for no further job."""
        for name, (task, _) in tuple(self._uploads.items()):
            is_uploaded = task.done() and not task.cancelled() and task.exception() is None
            if is_uploaded and task.result() in file_ids:
                del self._uploads[name]

    async def close(self) -> None:
        """Stop the uploads that are still running."""
        tasks = [task for task, _ in self._uploads.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget_old(self, now: float) -> None:
        for name, (task, until) in tuple(self._uploads.items()):
            if task.done() and now >= until:
                del self._uploads[name]

    async def _upload(self, file: InputFile, end_user: str) -> str:
        try:
            async with asyncio.timeout(_LONGEST_S):
                created = await self._create(file, end_user)
                await self._send(created, file)
                return await self._wait_ready(await self._request("POST", f"/files/{created.id}/complete"))
        except TimeoutError as error:
            raise NotSent("The upload of a file took too long") from error

    async def _create(self, file: InputFile, end_user: str) -> UploadedFile:
        body: dict[str, object] = {
            "mime_type": file.mime,
            "size_bytes": file.size,
            "purpose": "input",
            "expires_at": (datetime.now(UTC) + _KEPT).isoformat(timespec="seconds"),
        }
        if end_user:
            body["user_id"] = end_user
        created = await self._request("POST", "/files", body)
        if not created.upload_url:
            raise NotSent("The generation API has returned no address for an upload")
        return created

    async def _send(self, created: UploadedFile, file: InputFile) -> None:
        content = await _open(file)
        try:
            headers = {"Content-Type": file.mime, **created.upload_headers, "Content-Length": str(file.size)}
            await self._api.put_file(created.upload_url, headers, _chunks(content))
        finally:
            content.close()

    async def _wait_ready(self, file: UploadedFile) -> str:
        """Wait until the API has examined a file."""
        pause = _POLL_S
        while file.state is FileState.PENDING:
            await asyncio.sleep(pause)
            pause = min(pause * 2, _POLL_MAX_S)
            file = await self._request("GET", f"/files/{file.id}")
        if file.state is FileState.FAILED:
            raise Rejected(file.failure_reason or "the generation API cannot use this file")
        return file.id

    async def _request(self, method: str, path: str, body: dict[str, object] | None = None) -> UploadedFile:
        file = read_file(await self._api.document(Call.ACCOUNT, method, path, body=body))
        if file is None:
            raise NotSent("The generation API's response is not a file")
        return file


async def read_whole(file: InputFile) -> bytes:
    """The content of a small file; raises ProviderError."""
    with await _open(file) as content:
        return await asyncio.to_thread(content.read)


async def _open(file: InputFile) -> BinaryIO:
    try:
        return await file.open()
    except MediaUnavailable as error:
        raise NotSent(str(error)) from error
    except MediaRefused as error:
        raise Rejected(str(error)) from error


async def _chunks(content: BinaryIO) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(content.read, _CHUNK):
        yield chunk
