"""What an emoji under a result does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.jobs.actions import DEFAULT_REACTIONS, EMOJI, Action, keycap_number, normalized

_SELECTORS = ("", "\ufe0f", "\ufe0e")
_TONES = [chr(code) for code in range(0x1F3FB, 0x1F400)]


@pytest.mark.parametrize("action", Action)
def test_every_action_has_a_reaction_however_a_keyboard_spells_it(action: Action) -> None:
    bare = EMOJI[action].replace("\ufe0f", "")
    for selector in _SELECTORS:
        assert action is DEFAULT_REACTIONS[normalized(bare + selector)]


def test_no_two_actions_share_a_reaction() -> None:
    assert len(Action) == len(DEFAULT_REACTIONS)


@pytest.mark.parametrize("tone", _TONES)
def test_a_hand_is_the_same_in_every_colour(tone: str) -> None:
    assert normalized("👍") == normalized(f"👍{tone}")


@given(st.text(max_size=8))
def test_one_spelling_stays_as_it_is(emoji: str) -> None:
    assert normalized(emoji) == normalized(normalized(emoji))


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_keycap_names_a_result_on_the_card(number: int) -> None:
    for selector in _SELECTORS:
        assert number == keycap_number(f"{number}{selector}\u20e3")


@pytest.mark.parametrize(
    "emoji", ["", "2", "0️⃣", "5️⃣", "9️⃣", "#️⃣", "22️⃣", "2️⃣2️⃣", "2️⃣x", "\u20e3", "⭐", "٢\u20e3", "🔁"]
)
def test_what_is_no_such_keycap_names_nothing(emoji: str) -> None:
    assert keycap_number(emoji) is None


@given(st.text(max_size=5))
def test_any_text_is_read_without_a_complaint(emoji: str) -> None:
    assert keycap_number(emoji) in (None, 1, 2, 3, 4)
