"""Slack as a state machine on real sockets, which refuses like the service."""

from tests.platforms.fake_discord.hand.options import NotOffered
from tests.platforms.fake_discord.net.faults import Drop
from tests.platforms.fake_slack.fake import HOSTS, FakeSlack
from tests.platforms.fake_slack.hand.consenting import ConsentRefused, Page
from tests.platforms.fake_slack.hand.invocations import Invocation
from tests.platforms.fake_slack.hand.people import Person
from tests.platforms.fake_slack.net.faults import Fault
from tests.platforms.fake_slack.rules.manifest import ManifestRefused
from tests.platforms.fake_slack.state.deliveries import Delivery
from tests.platforms.fake_slack.state.files import File, Stage
from tests.platforms.fake_slack.state.messages import Message
from tests.platforms.fake_slack.state.places import Channel, Enterprise, Kind, Team, UserGroup
from tests.platforms.fake_slack.state.views import View

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
