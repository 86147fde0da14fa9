"""Why a job ended without a result, and what its member is told.

The provider's reasons are matched by fragment, in the order in which they are documented. A job that fails is
never charged: what was reserved for it is released, so every text says so.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

_SHOWN_MAX = 300
#: enough to fill what is shown; the rest of a huge text is not even looked at
_READ_MAX = 4000
_NOT_CHARGED = "You were not charged."


class FailureCategory(StrEnum):
    # told by the provider as a generation's `failure_reason`
    INPUT_UNREACHABLE = "input_unreachable"
    MODERATION = "moderation"
    PROMPT = "prompt"
    SERVICE = "service"
    UNKNOWN = "unknown"
    # seen by us
    INPUT_REFUSED = "input_refused"  # what it builds on cannot be used as it is
    INPUT_UNPROCESSED = "input_unprocessed"  # our own work on what it builds on failed
    REJECTED = "rejected"  # the create was refused for good
    TIMEOUT = "timeout"  # submitted, not finished in time
    VANISHED = "vanished"  # the provider no longer knows the generation
    ASSET_LOST = "asset_lost"  # completed, but its file cannot be had
    RESULT_UNPROCESSED = "result_unprocessed"  # completed, but our own work on its file failed
    LOST_ANSWER = "lost_answer"  # nobody can tell whether the create arrived
    ACCOUNT = "account"  # no account could submit it
    EXPIRED = "expired"  # waited in the queue for too long


class Retry(StrEnum):
    """What can still become of a failed job."""

    ANOTHER_INPUT = "another_input"  # asked again with another picture
    AFTER_EDITING = "after_editing"  # asked again with other words or options
    ONCE = "once"  # the bot asks once more by itself, with the same prompt
    BUTTON = "button"  # the member may ask again with one press


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The end of a job that has no result."""

    category: FailureCategory
    #: shown to the member as it stands
    message: str
    #: the provider's own words on one line, for the operator; None where there were none
    reason: str | None
    retry: Retry


@dataclass(frozen=True, slots=True)
class _Rule:
    fragments: tuple[str, ...]
    category: FailureCategory
    message: str
    retry: Retry


#: the first rule with a fragment in the reason wins
_RULES = (
    _Rule(
        ("failed to moderate", "failed to read user input frames"),
        FailureCategory.INPUT_UNREACHABLE,
        "The picture could not be read. Send it as an attachment, or choose another one.",
        Retry.ANOTHER_INPUT,
    ),
    _Rule(
        ("blacklisted words", "advanced prompt moderation failed"),
        FailureCategory.MODERATION,
        "The prompt was refused by moderation. Change the words and try again.",
        Retry.AFTER_EDITING,
    ),
    _Rule(
        ("frame moderation failed",),
        FailureCategory.MODERATION,
        "The picture was refused by moderation. Choose another one and try again.",
        Retry.AFTER_EDITING,
    ),
    _Rule(
        ("advanced moderation failed",),
        FailureCategory.MODERATION,
        "The prompt or its picture was refused by moderation. Change them and try again.",
        Retry.AFTER_EDITING,
    ),
    _Rule(
        ("prompt processing failed",),
        FailureCategory.PROMPT,
        "The prompt could not be processed. Put it in other words.",
        Retry.ONCE,
    ),
    _Rule(
        ("error dispatching job", "job failed", "error processing callback"),
        FailureCategory.SERVICE,
        "Something broke at the generation service, not in what you asked. Try again.",
        Retry.BUTTON,
    ),
)

_OURS: dict[FailureCategory, tuple[str, Retry]] = {
    FailureCategory.INPUT_UNREACHABLE: (_RULES[0].message, Retry.ANOTHER_INPUT),
    FailureCategory.INPUT_REFUSED: ("What this builds on cannot be used.", Retry.ANOTHER_INPUT),
    FailureCategory.INPUT_UNPROCESSED: (
        "The bot could not process what this builds on; the file may be fine. Try again in a while.",
        Retry.BUTTON,
    ),
    FailureCategory.MODERATION: (_RULES[3].message, Retry.AFTER_EDITING),
    FailureCategory.PROMPT: (_RULES[4].message, Retry.BUTTON),
    FailureCategory.SERVICE: (_RULES[5].message, Retry.BUTTON),
    FailureCategory.UNKNOWN: ("The generation failed, and no reason was given.", Retry.BUTTON),
    FailureCategory.REJECTED: ("The generation service refused the request.", Retry.AFTER_EDITING),
    FailureCategory.TIMEOUT: ("The generation did not finish in time.", Retry.BUTTON),
    FailureCategory.VANISHED: ("The generation disappeared at the generation service.", Retry.BUTTON),
    FailureCategory.ASSET_LOST: (
        "The generation finished, but its file could not be fetched.",
        Retry.BUTTON,
    ),
    FailureCategory.RESULT_UNPROCESSED: (
        "The generation finished, but the bot could not process its file; whoever runs it has been told.",
        Retry.BUTTON,
    ),
    FailureCategory.LOST_ANSWER: (
        "The connection broke while this was submitted, and whether it arrived cannot be known.",
        Retry.BUTTON,
    ),
    FailureCategory.ACCOUNT: (
        "The bot cannot generate right now; whoever runs it has been told.",
        Retry.BUTTON,
    ),
    FailureCategory.EXPIRED: ("This waited in the queue for too long.", Retry.BUTTON),
}

#: categories whose reason is a sentence that helps the member
_QUOTED = {
    FailureCategory.UNKNOWN: "The generation failed: “{}”.",
    FailureCategory.REJECTED: "The generation service refused the request: “{}”.",
    # in our own words, which say what is wrong and what to do instead
    FailureCategory.INPUT_UNREACHABLE: (
        "What this builds on could not be read: {}. Send it as an attachment, or choose another one."
    ),
    FailureCategory.INPUT_REFUSED: "{}.",
}


def classify_failure(reason: str | None) -> Failure:
    """Read a failed generation's `failure_reason`."""
    told_by_api = (reason or "").casefold()
    for rule in _RULES:
        if any(fragment in told_by_api for fragment in rule.fragments):
            return Failure(
                category=rule.category,
                message=f"{rule.message} {_NOT_CHARGED}",
                reason=one_line(reason or ""),
                retry=rule.retry,
            )
    return failure(FailureCategory.UNKNOWN, reason)


#: other words for moderation: a refused create is worded more freely than a failed generation
_MODERATED = re.compile(
    r"(?i)\bmoderat(?:ion|ed)\b|\bcontent[ _]policy\b|\bcommunity guidelines\b|\bsafety (?:filter|system)\b"
    r"|\bnsfw\b"
)
#: the moderation itself is in trouble, and has refused nothing
_OUT_OF_ORDER = re.compile(r"(?i)\bunavailable\b|\bunreachable\b|\btim(?:ed|e) ?out\b|\berror\b")


def classify_refusal(reason: str) -> Failure:
    """Read why a create was refused for good."""
    told = classify_failure(reason)
    if told.category in (FailureCategory.MODERATION, FailureCategory.INPUT_UNREACHABLE):
        return told
    if _MODERATED.search(reason) and not _OUT_OF_ORDER.search(reason):
        return failure(FailureCategory.MODERATION, reason)
    return failure(FailureCategory.REJECTED, reason)


def failure(category: FailureCategory, reason: str | None = None) -> Failure:
    """Describe a failure whose category is known already, such as those that only we can see."""
    told, retry = _OURS[category]
    shown = one_line(reason or "")
    if shown and category in _QUOTED:
        told = _QUOTED[category].format(_neutral(shown).rstrip("."))
    return Failure(category=category, message=f"{told} {_NOT_CHARGED}", reason=shown or None, retry=retry)


_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
#: an address can carry a signature, a token or a password; its host says enough
_ADDRESS = re.compile(r"(?i)\b[a-z][a-z0-9+.-]{0,15}://(?:[^\s/@]*@)?([^\s/?#\"'<>]*)[^\s\"'<>]*")


def one_line(text: str) -> str:
    """Bring foreign text to one line of at most 300 visible characters, its addresses cut to their hosts."""
    visible = "".join(
        " " if unicodedata.category(character) in _INVISIBLE else character for character in text[:_READ_MAX]
    )
    line = " ".join(_ADDRESS.sub(r"\1/…", visible).split())
    return line if len(line) <= _SHOWN_MAX else line[: _SHOWN_MAX - 1].rstrip() + "…"


#: look-alikes that neither ping nor link nor open a code block on any platform
_LOOK_ALIKE = str.maketrans({"@": "@\u200b", "<": "‹", ">": "›", "`": "'", "[": "(", "]": ")"})


def _neutral(line: str) -> str:
    return line.translate(_LOOK_ALIKE)
