"""Reads a form with a file: `multipart/form-data`, as clients send small files."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from http import HTTPStatus

from simulator.errors import ApiError

_LINE = b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormFile:
    content: bytes
    #: as its part says; empty where it says nothing
    mime_type: str
    name: str | None


def read_form(content_type: str, body: bytes) -> tuple[Mapping[str, str], FormFile]:
    """The texts of a form, and its part `file`; raises ApiError."""
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_boundary()
    if boundary is None or (delimiter := b"--" + boundary.encode()) not in body:
        raise _malformed("the boundary is missing")
    texts: dict[str, str] = {}
    file = None
    # Before the first delimiter there may be a preamble, behind the last one is an end mark.
    for part in body.split(delimiter)[1:-1]:
        head, blank, content = part.removeprefix(_LINE).partition(_LINE + _LINE)
        headers = BytesHeaderParser().parsebytes(head)
        name = headers.get_param("name", header="Content-Disposition")
        if not blank or not isinstance(name, str):
            raise _malformed("a part has no name")
        content = content.removesuffix(_LINE)
        if name == "file":
            mime_type = headers.get_content_type() if "Content-Type" in headers else ""
            file = FormFile(content=content, mime_type=mime_type, name=headers.get_filename())
        else:
            texts[name] = content.decode(errors="replace")
    if file is None:
        raise _malformed("the part `file` is missing")
    return texts, file


def _malformed(why: str) -> ApiError:
    return ApiError(HTTPStatus.BAD_REQUEST, f"Invalid multipart body: {why}")
