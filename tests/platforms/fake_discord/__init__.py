"""A fake Discord: a state machine on real sockets that refuses what Discord refuses."""

from tests.platforms.fake_discord.client.invocations import Invocation
from tests.platforms.fake_discord.client.options import NotOffered
from tests.platforms.fake_discord.client.person import Person
from tests.platforms.fake_discord.fake import FakeDiscord
from tests.platforms.fake_discord.rules.drafts import Upload
from tests.platforms.fake_discord.rules.permissions import Permissions
from tests.platforms.fake_discord.state.events import Intents
from tests.platforms.fake_discord.state.interactions import Callback
from tests.platforms.fake_discord.state.messages import Message
from tests.platforms.fake_discord.state.places import Channel, Guild, Kind
from tests.platforms.fake_discord.transport.certificates import Certificates, make_certificates
from tests.platforms.fake_discord.transport.faults import Drop, Fault
from tests.platforms.fake_discord.transport.hosts import HOSTS
from tests.platforms.fake_discord.transport.proxy import Proxy

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
