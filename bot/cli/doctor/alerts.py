"""What `reverie doctor` finds about alerts to the operator."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from urllib.parse import urlsplit

from bot.domain.errors import Delayed
from bot.security.loopback import is_loopback_name
from bot.service.operator.alerts import webhook_of
from bot.service.plugin import Diagnosis, Severity
from bot.settings import Settings

#: answers that say that the address, or the right to post there, does not exist
_GONE = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.FOUND}
)
_REMEDY = "copy REVERIE_ALERT_WEBHOOK again from the service that receives alerts"


async def alert_findings(settings: Settings) -> AsyncIterator[Diagnosis]:
    """Whether the webhook takes messages, and whether anybody is told."""
    webhook = webhook_of(settings)
    if webhook is None or settings.alert_webhook is None:
        if not settings.operators and not settings.simulated:
            yield Diagnosis(
                what="nobody is told when something goes wrong",
                level=Severity.WARNING,
                remedy="set REVERIE_OPERATORS, or REVERIE_ALERT_WEBHOOK to an incoming webhook",
            )
        return
    url = urlsplit(settings.alert_webhook.get_secret_value())
    if url.scheme == "http" and not is_loopback_name(url.hostname or ""):
        yield Diagnosis(
            what="REVERIE_ALERT_WEBHOOK is not https: its address and the alerts are sent unencrypted",
            level=Severity.WARNING,
            remedy="use https:// where the receiver is not in a network of your own",
        )
    try:
        # Slack and Discord refuse an empty message, and show nothing.
        status = await webhook.post({})
    except Delayed as error:
        yield Diagnosis(
            what=f"alerts: {error}",
            level=Severity.FAULT,
            remedy=f"check the network and HTTPS_PROXY, or {_REMEDY}",
        )
        return
    if status in _GONE:
        yield Diagnosis(
            what=f"alerts: the webhook answers {status}: it does not exist any more, or refuses this bot",
            level=Severity.FAULT,
            remedy=_REMEDY,
        )
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        yield Diagnosis(
            what=f"alerts: the webhook answers {status}",
            level=Severity.WARNING,
            remedy="look at the service that receives alerts; they are sent again for a day",
        )
    else:
        yield Diagnosis(what=f"alerts go to the webhook at {url.hostname}")
