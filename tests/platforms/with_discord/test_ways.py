"""On which ways a card is shown, and what a refusal means for the next one."""

import pytest

from adapters.discord.delivery.interaction_token import TOKEN_MS, Reach
from adapters.discord.delivery.routes import ORIGINAL, ByToken, InChannel, ToPerson, guild_of, ways
from adapters.discord.rest.errors import Meaning, Refusal
from bot.domain.identity import Place
from tests.platforms.with_discord.cards import ASKER, NOW

_TOKEN = ByToken(application="400", token="secret", message="1", limit=None)


def _place(message: str | None = "1", *, private: bool = False, thread: str | None = None) -> Place:
    return Place(
        adapter="discord",
        workspace="discord:300",
        channel="100",
        thread=thread,
        message=message,
        private=private,
    )


def _reach(*, original: bool = True, ephemeral: bool = False, lasting: bool = True) -> Reach:
    return Reach(
        application="400",
        token="secret",
        until=NOW + TOKEN_MS,
        original=original,
        ephemeral=ephemeral,
        lasting=lasting,
    )


_CHANNEL, _PERSON = InChannel(channel="100", message="1"), ToPerson(user=ASKER)


def test_the_token_comes_first_while_it_lives_and_the_channel_afterwards() -> None:
    assert (_TOKEN, _CHANNEL, _PERSON) == ways(_place(), ASKER, _reach(), NOW)
    assert (_CHANNEL, _PERSON) == ways(_place(), ASKER, _reach(), NOW + TOKEN_MS - 1_000)
    assert (_CHANNEL, _PERSON) == ways(_place(), ASKER, None, NOW)


@pytest.mark.parametrize("message", [None, "1"])
@pytest.mark.parametrize("reach", [None, _reach(), _reach(ephemeral=True), _reach(lasting=False)])
def test_what_is_private_is_never_on_a_way_to_a_channel(message: str | None, reach: Reach | None) -> None:
    found = ways(_place(message, private=True), ASKER, reach, NOW)
    assert not [way for way in found if isinstance(way, InChannel)]
    assert _PERSON == found[-1]


@pytest.mark.parametrize("reach", [_reach(ephemeral=True), _reach(lasting=False)])
def test_where_the_bot_cannot_edit_later_the_person_comes_after_the_token(reach: Reach) -> None:
    assert (_TOKEN, _PERSON) == ways(_place(), ASKER, reach, NOW)
    assert (_PERSON,) == ways(_place(), ASKER, reach, NOW + TOKEN_MS)


def test_a_first_message_is_the_response_unless_that_is_another_message() -> None:
    """The response to a button can be an update of the card under which it stands."""
    first = ways(_place(None), ASKER, _reach(), NOW)[0]
    assert isinstance(first, ByToken)
    assert ORIGINAL == first.message
    assert InChannel(channel="100") == ways(_place(None), ASKER, _reach(original=False), NOW)[0]


def test_a_thread_is_a_channel_of_its_own() -> None:
    assert InChannel(channel="101") == ways(_place(None, thread="101"), ASKER, None, NOW)[0]


def test_a_message_that_the_bot_posted_itself_is_edited_where_it_lies() -> None:
    """Its token reaches it for ever, also in the direct messages of a private card."""
    found = ways(_place("777/1", private=True), ASKER, _reach(), NOW)
    assert (InChannel(channel="777", message="1"), _PERSON) == found


def test_direct_messages_are_those_of_the_person_who_is_named() -> None:
    place = Place(adapter="discord", workspace="discord:@dm", channel="@discord:42", private=True)
    assert (ToPerson(user="42"),) == ways(place, ASKER, None, NOW)
    assert guild_of(place) is None


def test_a_reach_survives_its_writing_and_hides_its_token() -> None:
    reach = _reach(ephemeral=True)
    assert reach == Reach.read(reach.write())
    assert Reach.read("") is None
    assert "secret" not in repr(reach) + repr(ways(_place(), ASKER, reach, NOW))


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (404, 10003, Meaning.GONE),
        (404, 10008, Meaning.GONE),
        (404, 10015, Meaning.GONE),
        (401, 50027, Meaning.GONE),
        (404, 0, Meaning.GONE),
        (403, 50001, Meaning.FORBIDDEN),
        (403, 50007, Meaning.FORBIDDEN),
        (403, 50013, Meaning.FORBIDDEN),
        (403, 99999, Meaning.FORBIDDEN),
        (400, 160005, Meaning.FORBIDDEN),
        (400, 50083, Meaning.ARCHIVED),
        (400, 40005, Meaning.TOO_LARGE),
        (413, 0, Meaning.TOO_LARGE),
        (400, 50035, Meaning.WRONG),
        (400, 50006, Meaning.WRONG),
    ],
)
def test_a_refusal_says_what_is_to_be_done(status: int, code: int, meaning: Meaning) -> None:
    assert meaning is Refusal(status=status, code=code, text="").meaning
