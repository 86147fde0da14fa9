"""Logging never raises, whatever becomes of where it writes."""

import io
import logging
import os
from collections.abc import Iterator
from contextlib import redirect_stderr
from typing import Any

import pytest
import structlog

from bot.log import set_up_logs
from bot.standard_streams import SafeStream


class _Full(io.StringIO):
    """A disk that is full for a while."""

    full = True

    def write(self, text: str) -> int:
        if self.full:
            raise OSError(28, "No space left on device")
        return super().write(text)


class _Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("no words for it")


@pytest.fixture
def stderr() -> Iterator[_Full]:
    before = structlog.get_config()
    root = logging.getLogger()
    handlers, root.handlers = root.handlers, []
    yield _Full()
    root.handlers = handlers
    logging.raiseExceptions = True
    structlog.configure(**before)


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_line_that_cannot_be_written_is_lost_and_the_next_one_is_tried(stderr: _Full, form: str) -> None:
    with redirect_stderr(stderr):
        set_up_logs(form, "info")
    log: Any = structlog.get_logger("test")
    log.info("something_happened")
    logging.getLogger("library").warning("%s of a library", "a word")
    stderr.full = False
    log.info("something_happened_again", count=1)
    assert "something_happened_again" in stderr.getvalue()


@pytest.mark.parametrize("form", ["console", "json"])
def test_an_event_that_cannot_be_rendered_is_lost(stderr: _Full, form: str) -> None:
    with redirect_stderr(stderr):
        set_up_logs(form, "info")
    stderr.full = False
    log: Any = structlog.get_logger("test")
    log.info("something_happened", what=_Unprintable())
    log.info("it_goes_on")
    assert "it_goes_on" in stderr.getvalue()


def test_a_stream_that_is_closed_or_was_never_there_takes_everything() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    broken = os.fdopen(writer, "w")
    closed = io.StringIO()
    closed.close()
    for stream in (SafeStream(broken), SafeStream(closed), SafeStream(None)):
        assert 4 == stream.write("line")
        stream.flush()
        assert not stream.isatty()
    SafeStream(io.TextIOWrapper(io.BytesIO(), encoding="ascii")).write("✅")
    with pytest.raises(BrokenPipeError):
        broken.close()
