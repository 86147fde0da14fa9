"""The delivery routes of a card, and what an API error means for the next one."""

import pytest

from adapters.discord.delivery.interactions import TOKEN_LIFETIME_MS, InteractionToken
from adapters.discord.delivery.routes import (
    ChannelRoute,
    DirectMessageRoute,
    WebhookRoute,
    guild_id,
    routes_for,
)
from adapters.discord.rest.errors import ApiError, ErrorAction
from bot.domain.identity import Place
from tests.platforms.with_discord.cards import ASKER, NOW


def _place(message: str | None = "1", *, private: bool = False, thread: str | None = None) -> Place:
    return Place(
        adapter="discord",
        workspace="discord:300",
        channel="100",
        thread=thread,
        message=message,
        private=private,
    )


def _token(*, ephemeral: bool = False, bot_has_access: bool = True) -> InteractionToken:
    return InteractionToken(
        application="400",
        token="secret",
        expires_at=NOW + TOKEN_LIFETIME_MS,
        ephemeral=ephemeral,
        bot_has_access=bot_has_access,
    )


def _webhook(token: InteractionToken) -> WebhookRoute:
    return WebhookRoute(token=token, message="1")


_CHANNEL, _PERSON = ChannelRoute(channel="100", message="1"), DirectMessageRoute(user=ASKER)


def test_the_token_comes_first_while_valid_and_then_the_channel() -> None:
    assert (_webhook(_token()), _CHANNEL, _PERSON) == routes_for(_place(), ASKER, _token(), NOW)
    assert (_CHANNEL, _PERSON) == routes_for(_place(), ASKER, _token(), NOW + TOKEN_LIFETIME_MS - 1_000)
    assert (_CHANNEL, _PERSON) == routes_for(_place(), ASKER, None, NOW)


@pytest.mark.parametrize("message", [None, "1"])
@pytest.mark.parametrize("token", [None, _token(), _token(ephemeral=True), _token(bot_has_access=False)])
def test_a_private_card_has_no_route_to_a_channel(
    message: str | None, token: InteractionToken | None
) -> None:
    found = routes_for(_place(message, private=True), ASKER, token, NOW)
    assert not [route for route in found if isinstance(route, ChannelRoute)]
    assert _PERSON == found[-1]


@pytest.mark.parametrize("token", [_token(ephemeral=True), _token(bot_has_access=False)])
def test_without_bot_access_direct_messages_follow_the_token(token: InteractionToken) -> None:
    assert (_webhook(token), _PERSON) == routes_for(_place(), ASKER, token, NOW)
    assert (_PERSON,) == routes_for(_place(), ASKER, token, NOW + TOKEN_LIFETIME_MS)


def test_a_first_message_is_the_original_response() -> None:
    first = routes_for(_place(None), ASKER, _token(), NOW)[0]
    assert WebhookRoute(token=_token()) == first


def test_a_thread_is_a_channel_of_its_own() -> None:
    assert ChannelRoute(channel="101") == routes_for(_place(None, thread="101"), ASKER, None, NOW)[0]


def test_a_message_posted_by_the_bot_is_edited_in_its_channel() -> None:
    """The bot token can edit it for ever, also in direct messages."""
    found = routes_for(_place("777/1", private=True), ASKER, _token(), NOW)
    assert (ChannelRoute(channel="777", message="1"), _PERSON) == found


def test_direct_messages_go_to_the_named_person() -> None:
    place = Place(adapter="discord", workspace="discord:@dm", channel="@discord:42", private=True)
    assert (DirectMessageRoute(user="42"),) == routes_for(place, ASKER, None, NOW)
    assert guild_id(place) is None


def test_a_token_round_trips_and_is_not_in_its_repr() -> None:
    token = _token(ephemeral=True)
    assert token == InteractionToken.parse(token.write())
    assert InteractionToken.parse("") is None
    assert "secret" not in repr(token) + repr(routes_for(_place(), ASKER, token, NOW))


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (404, 10003, ErrorAction.GONE),
        (404, 10008, ErrorAction.GONE),
        (404, 10015, ErrorAction.GONE),
        (401, 50027, ErrorAction.GONE),
        (404, 0, ErrorAction.GONE),
        (403, 50001, ErrorAction.FORBIDDEN),
        (403, 50007, ErrorAction.FORBIDDEN),
        (403, 50013, ErrorAction.FORBIDDEN),
        (403, 99999, ErrorAction.FORBIDDEN),
        (400, 160005, ErrorAction.FORBIDDEN),
        (400, 20009, ErrorAction.FORBIDDEN),
        (400, 240000, ErrorAction.FORBIDDEN),
        (400, 50083, ErrorAction.ARCHIVED),
        (400, 40005, ErrorAction.TOO_LARGE),
        (413, 0, ErrorAction.TOO_LARGE),
        (400, 50045, ErrorAction.TOO_LARGE),
        (400, 50035, ErrorAction.INVALID),
        (400, 50006, ErrorAction.INVALID),
    ],
)
def test_an_api_error_says_what_to_do(status: int, code: int, meaning: ErrorAction) -> None:
    assert meaning is ApiError(status=status, code=code, text="").action
