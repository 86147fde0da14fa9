"""The policy as it is stored, prices that hold a job, and the map of reactions."""

import pytest

from bot.domain.errors import InvalidRequest, NotAllowed
from bot.domain.identity import Place
from bot.domain.jobs.actions import DEFAULT_REACTIONS, Action
from bot.domain.jobs.job import Hold
from bot.domain.money.pricing import MICROUSD
from bot.domain.policy.access import AccessRule, Effect
from bot.domain.policy.holds import PriceRules
from bot.domain.policy.named import RuleTarget, read_channel, read_named
from bot.domain.policy.reactions import ReactionRule, Who, check_reaction, emoji_key, reaction_map
from bot.domain.policy.record import Moderators, Policy, load_policy, require_room
from bot.domain.policy.words import WORDS_MAX, WordRule
from tests.domain.people import caller, job

DOLLAR = MICROUSD


def test_a_policy_survives_being_stored() -> None:
    policy = Policy(
        next_id=3,
        access=(AccessRule(id=2, effect=Effect.DENY, model="ray-2", by="Boss", at=7),),
        words=(WordRule(pattern="bad*"),),
        prices=PriceRules(approve_above=5 * DOLLAR, confirm_above=None),
        moderators=Moderators(channel="mods", channel_name="mods"),
        reactions=(ReactionRule(emoji=":1:", shown="<:party:1>", action=Action.ANIMATE, votes=3),),
    )
    assert policy == load_policy(policy.dump())
    assert "{}" == Policy().dump()


def test_an_older_process_reads_what_a_newer_one_stored() -> None:
    assert Policy() == load_policy('{"something_new": [1, 2], "age": {"mode": "off", "also_new": true}}')


def test_a_damaged_policy_is_no_empty_one() -> None:
    with pytest.raises(ValueError, match="effect"):
        load_policy('{"access": [{"id": 1, "effect": "perhaps"}]}')


def test_a_policy_has_room_for_so_much() -> None:
    words = tuple(WordRule(pattern=f"w{number}") for number in range(WORDS_MAX))
    assert require_room(Policy(words=words))
    with pytest.raises(InvalidRequest, match="no room for more"):
        require_room(Policy().model_copy(update={"words": (*words, WordRule(pattern="one"))}))


@pytest.mark.parametrize(
    ("price", "is_admin", "is_vote", "hold"),
    [
        (DOLLAR, False, False, None),
        (DOLLAR + 1, False, False, Hold.CONFIRMATION),
        (DOLLAR + 1, False, True, None),
        (5 * DOLLAR, False, False, Hold.CONFIRMATION),
        (5 * DOLLAR + 1, False, False, Hold.APPROVAL),
        (5 * DOLLAR + 1, False, True, Hold.APPROVAL),
        (5 * DOLLAR + 1, True, False, Hold.CONFIRMATION),
    ],
)
def test_what_a_price_has_to_wait_for(price: int, is_admin: bool, is_vote: bool, hold: Hold | None) -> None:
    rules = PriceRules(approve_above=5 * DOLLAR)
    assert hold == rules.hold_for(price, is_admin=is_admin, is_vote=is_vote)


def test_without_rules_only_a_dollar_is_confirmed() -> None:
    found = [
        PriceRules().hold_for(price, is_admin=False, is_vote=False) for price in (1, DOLLAR, 99 * DOLLAR)
    ]
    assert [None, None, Hold.CONFIRMATION] == found
    assert None is PriceRules(confirm_above=None).hold_for(99 * DOLLAR, is_admin=False, is_vote=False)
    assert [0, 5] == [PriceRules().undo_seconds(price) for price in (DOLLAR // 2, DOLLAR)]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("🔥", "🔥"),
        ("🖼️", "🖼"),
        ("👍🏽", "👍"),
        (" 🔥 ", "🔥"),
        ("<:party:123>", ":123:"),
        ("<a:party:123>", ":123:"),
        (":Party_Parrot:", ":party_parrot:"),
        (":+1:", ":+1:"),
    ],
)
def test_the_one_form_of_an_emoji(text: str, key: str) -> None:
    assert key == emoji_key(text)


@pytest.mark.parametrize("text", ["", "fire", "🔥 and 🔥", "x" * 99, "1", "\u200d" * 40])
def test_other_text_is_no_emoji(text: str) -> None:
    with pytest.raises(InvalidRequest, match="one emoji"):
        emoji_key(text)


def test_a_workspace_changes_the_map_of_reactions() -> None:
    fire = ReactionRule(emoji="🔥", shown="🔥", action=Action.ANIMATE)
    off = ReactionRule(emoji="🎲", shown="🎲", action=None)
    found = reaction_map([fire, off])
    assert set(DEFAULT_REACTIONS) - {"🎲"} | {"🔥"} == set(found)
    assert DEFAULT_REACTIONS == {emoji: rule.action for emoji, rule in reaction_map([]).items()}


def test_who_may_use_a_reaction() -> None:
    ada, bob = caller("1"), caller("2")
    mine = ReactionRule(emoji="🔥", shown="🔥", action=Action.ANIMATE, who=Who.REQUESTER)
    role = mine.model_copy(update={"who": Who.ROLE, "role": "r", "role_name": "Artists"})
    mine.require_allowed(ada, job(owner=ada), is_admin=False)
    role.require_allowed(bob, job(owner=ada), is_admin=True)
    with pytest.raises(NotAllowed, match="only the person who asked"):
        mine.require_allowed(bob, job(owner=ada), is_admin=True)
    with pytest.raises(NotAllowed, match="only Artists may use 🔥"):
        role.require_allowed(bob, job(owner=ada), is_admin=False)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"who": Who.ROLE}, "Name the role"),
        ({"votes": 3, "action": Action.GALLERY}, "can need votes"),
        ({"action": Action.EDIT}, "asks for words"),
    ],
)
def test_a_reaction_that_cannot_mean_anything_is_refused(changes: dict[str, object], words: str) -> None:
    rule = ReactionRule(emoji="🔥", shown="🔥", action=Action.ANIMATE).model_copy(update=changes)
    with pytest.raises(InvalidRequest, match=words):
        check_reaction(rule)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("c9|news", RuleTarget(id="c9", name="news")),
        ("c9|", RuleTarget(id="c9", name="c9")),
        ("#art", RuleTarget(id="c1", name="art")),
        ("ART", RuleTarget(id="c1", name="art")),
        ("here", RuleTarget(id="c5", name="c5")),
        ("", RuleTarget()),
    ],
)
def test_a_channel_is_picked_or_named(text: str, named: RuleTarget) -> None:
    rule = AccessRule(id=1, effect=Effect.DENY, channel="c1", channel_name="art")
    place = Place(adapter="chat", workspace="discord:10", channel="c5")
    assert named == read_channel(text, Policy(access=(rule,)), place)


def test_here_is_the_present_channel_also_where_a_rule_names_it() -> None:
    rule = AccessRule(id=1, effect=Effect.DENY, channel="c1", channel_name="art")
    place = Place(adapter="chat", workspace="discord:10", channel="c1")
    assert RuleTarget(id="c1", name="art") == read_channel("here", Policy(access=(rule,)), place)


def test_an_unknown_channel_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(InvalidRequest, match=r"No channel called 'arts' is known here\. Did you mean art"):
        read_named("#arts", {"c1": "art"}, "channel")
    with pytest.raises(InvalidRequest, match="More than one channel called 'art'"):
        read_named("art", {"c1": "art", "c2": "art"}, "channel")
