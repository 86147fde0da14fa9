"""Accounts at two providers that make different things."""

from bot.domain.generations.models import ImageModel
from bot.domain.generations.offers import Feature, Offer
from bot.providers.base import Capabilities
from tests.engine.fakes import Clock, FakeProvider

#: an API that takes files and makes plain pictures of one model
PLAIN = Capabilities(
    offers=(Offer(kind="image", model=ImageModel.UNI_1, features=frozenset({Feature.REFERENCES})),),
    lists=False,
    callbacks=False,
    takes_files=True,
    reports_credit=False,
)


def a_usual_and_a_plain_account() -> tuple[FakeProvider, FakeProvider]:
    """An account at the usual API and one at a plain one."""
    clock = Clock()
    usual, plain = FakeProvider(clock, account="usual"), FakeProvider(clock, account="plain")
    plain.name, plain.capabilities = "plain", PLAIN
    return usual, plain
