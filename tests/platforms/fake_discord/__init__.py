"""Discord as a state machine on real sockets, which refuses like the service."""

from tests.platforms.fake_discord.fake import FakeDiscord
from tests.platforms.fake_discord.hand.invocations import Invocation
from tests.platforms.fake_discord.hand.options import NotOffered
from tests.platforms.fake_discord.hand.people import Person
from tests.platforms.fake_discord.net.certificates import Certificates, make_certificates
from tests.platforms.fake_discord.net.faults import Drop, Fault
from tests.platforms.fake_discord.net.hosts import HOSTS
from tests.platforms.fake_discord.net.proxy import Proxy
from tests.platforms.fake_discord.rules.drafts import Upload
from tests.platforms.fake_discord.rules.permissions import Permissions
from tests.platforms.fake_discord.state.events import Intents
from tests.platforms.fake_discord.state.interactions import Callback
from tests.platforms.fake_discord.state.messages import Message
from tests.platforms.fake_discord.state.places import Channel, Guild, Kind

__all__ = [
    "HOSTS",
    "Callback",
    "Certificates",
    "Channel",
    "Drop",
    "FakeDiscord",
    "Fault",
    "Guild",
    "Intents",
    "Invocation",
    "Kind",
    "Message",
    "NotOffered",
    "Permissions",
    "Person",
    "Proxy",
    "Upload",
    "make_certificates",
]
