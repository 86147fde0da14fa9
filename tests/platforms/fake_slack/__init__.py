"""A fake Slack: a state machine on real sockets that refuses what Slack refuses."""

from tests.platforms.fake_discord.client.options import NotOffered
from tests.platforms.fake_discord.transport.faults import Drop
from tests.platforms.fake_slack.client.invocations import Invocation
from tests.platforms.fake_slack.client.oauth_consent import ConsentRefused, Page
from tests.platforms.fake_slack.client.person import Person
from tests.platforms.fake_slack.fake import HOSTS, FakeSlack
from tests.platforms.fake_slack.rules.manifest import ManifestRefused
from tests.platforms.fake_slack.state.deliveries import Delivery
from tests.platforms.fake_slack.state.files import File, Stage
from tests.platforms.fake_slack.state.messages import Message
from tests.platforms.fake_slack.state.places import Channel, Enterprise, Kind, Team, UserGroup
from tests.platforms.fake_slack.state.views import View
from tests.platforms.fake_slack.transport.faults import Fault

__all__ = [
    "HOSTS",
    "Channel",
    "ConsentRefused",
    "Delivery",
    "Drop",
    "Enterprise",
    "FakeSlack",
    "Fault",
    "File",
    "Invocation",
    "Kind",
    "ManifestRefused",
    "Message",
    "NotOffered",
    "Page",
    "Person",
    "Stage",
    "Team",
    "UserGroup",
    "View",
]
