"""Renews expired attachment URLs."""

from tests.platforms.fake_discord.rest.routing import Call, Routes
from tests.platforms.fake_discord.rules.refusals import FormErrors
from tests.platforms.fake_discord.state.payloads import Json

routes = Routes()

_ADDRESSES = 50


@routes.on("POST", "/attachments/refresh-urls")
def refresh_addresses(call: Call) -> Json:
    errors = FormErrors()
    urls = call.body.get("attachment_urls") or []
    errors.count(("attachment_urls",), urls, least=1, most=_ADDRESSES)
    errors.settle()
    return {"refreshed_urls": [{"original": url, "refreshed": call.world.files.refresh(url)} for url in urls]}
