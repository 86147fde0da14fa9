"""A running bot tells its operators what is wrong."""

from pathlib import Path

from tests.patience import until
from tests.web.running_app import RunningApp


async def test_a_running_bot_tells_its_operator(tmp_path: Path) -> None:
    app = RunningApp(tmp_path, operators=("chat:boss",), min_free_bytes=10**18)
    async with app.running():
        await until(lambda: bool(app.chat.told))
    (text, place), *_ = app.chat.told
    assert "has only" in text
    assert "@chat:boss" == place.channel
