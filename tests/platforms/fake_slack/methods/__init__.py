"""The Web API, one module per group of methods."""

from tests.platforms.fake_slack.methods import chat, conversations, files, oauth, people, views
from tests.platforms.fake_slack.methods.routing import Method

METHODS: dict[str, Method] = {
    name: method
    for module in (chat, conversations, files, oauth, people, views)
    for name, method in module.methods.all.items()
}
