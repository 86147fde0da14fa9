"""Reactions: what an emoji under a result does, however a keyboard spells it."""

from collections.abc import Mapping

from bot.domain.actions import EMOJI, Action

#: asks for a picture or for colours, and means nothing else
_VARIATION_SELECTORS = "\ufe0e\ufe0f"
#: skin tones
_TONES = "".join(chr(code) for code in range(0x1F3FB, 0x1F400))
_NOISE = str.maketrans("", "", _VARIATION_SELECTORS + _TONES)
_KEYCAP = "\u20e3"


def normalized(emoji: str) -> str:
    """One spelling for all ways to send an emoji."""
    return emoji.translate(_NOISE)


#: what each emoji does where a workspace has decided nothing else
DEFAULT_REACTIONS: Mapping[str, Action] = {normalized(emoji): action for action, emoji in EMOJI.items()}


def keycap_number(emoji: str) -> int | None:
    """The place from 1 to 4 that a keycap names among the results on a card; None for any other emoji."""
    digit, _, rest = normalized(emoji).partition(_KEYCAP)
    return int(digit) if digit in ("1", "2", "3", "4") and not rest and _KEYCAP in emoji else None
