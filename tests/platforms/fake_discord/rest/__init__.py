"""The REST API, one module per resource."""

from tests.platforms.fake_discord.rest import (
    applications,
    attachments,
    callbacks,
    guilds,
    messages,
    reactions,
    threads,
    webhooks,
)

ROUTES = [
    route
    for module in (
        applications,
        attachments,
        callbacks,
        guilds,
        messages,
        reactions,
        threads,
        webhooks,
    )
    for route in module.routes.all
]
