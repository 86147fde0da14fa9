"""Why a job ended without a result, and what its member is told.

The provider's reasons are matched by fragment, in the order in which they are documented. A job that fails is
never charged: what was reserved for it is released, so every text says so.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

_SHOWN_MAX = 300
#: characters that are read of a reason; enough to fill what is shown
_READ_MAX = 4000
_NOT_CHARGED = "You were not charged."


class FailureCategory(StrEnum):
    # from a generation's `failure_reason`
    INPUT_UNREACHABLE = "input_unreachable"
    MODERATION = "moderation"
    PROMPT = "prompt"
    SERVICE = "service"
    UNKNOWN = "unknown"
    # detected by the bot
    INPUT_REFUSED = "input_refused"  # an input cannot be used
    INPUT_UNPROCESSED = "input_unprocessed"  # the bot failed to process an input
    REJECTED = "rejected"  # the provider refused the create request
    TIMEOUT = "timeout"  # submitted, not finished in time
    VANISHED = "vanished"  # the provider no longer knows the generation
    ASSET_LOST = "asset_lost"  # completed, but its file cannot be fetched
    RESULT_UNPROCESSED = "result_unprocessed"  # completed, but the bot failed to process its file
    LOST_ANSWER = "lost_answer"  # it is unknown whether the create request arrived
    EXPIRED = "expired"  # waited in the queue for too long
    NOT_CONFIRMED = "not_confirmed"  # nobody confirmed its price in time
    NOT_APPROVED = "not_approved"  # no admin approved it in time
    REFUSED_BY_ADMIN = "refused_by_admin"  # an admin refused it
    KEY_REMOVED = "key_removed"  # the workspace's own API key was removed while it waited


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a job has no result."""

    category: FailureCategory
    #: shown to the member
    message: str
    #: the provider's reason on one line, for the operator; None if it gave none
    reason: str | None
    #: the bot submits the job once more by itself
    retry_once: bool = False


@dataclass(frozen=True, slots=True)
class _Rule:
    fragments: tuple[str, ...]
    category: FailureCategory
    message: str
    retry_once: bool = False


#: the first rule with a fragment in the reason wins
_RULES = (
    _Rule(
        ("failed to moderate", "failed to read user input frames"),
        FailureCategory.INPUT_UNREACHABLE,
        "The picture could not be read. Send it as an attachment, or choose another one.",
    ),
    _Rule(
        ("blacklisted words", "advanced prompt moderation failed"),
        FailureCategory.MODERATION,
        "The prompt was refused by moderation. Change the words and try again.",
    ),
    _Rule(
        ("frame moderation failed",),
        FailureCategory.MODERATION,
        "The picture was refused by moderation. Choose another one and try again.",
    ),
    _Rule(
        ("advanced moderation failed",),
        FailureCategory.MODERATION,
        "The prompt or its picture was refused by moderation. Change them and try again.",
    ),
    _Rule(
        ("prompt processing failed",),
        FailureCategory.PROMPT,
        "The prompt could not be processed. Word it differently.",
        retry_once=True,
    ),
    _Rule(
        ("error dispatching job", "job failed", "error processing callback"),
        FailureCategory.SERVICE,
        "The generation service failed; your request was fine. Try again.",
    ),
)

_MESSAGES: dict[FailureCategory, str] = {
    FailureCategory.INPUT_UNREACHABLE: _RULES[0].message,
    FailureCategory.INPUT_REFUSED: "The input cannot be used.",
    FailureCategory.INPUT_UNPROCESSED: (
        "The bot could not process the input; the file may be fine. Try again later."
    ),
    FailureCategory.MODERATION: _RULES[3].message,
    FailureCategory.PROMPT: _RULES[4].message,
    FailureCategory.SERVICE: _RULES[5].message,
    FailureCategory.UNKNOWN: "The generation failed, and no reason was given.",
    FailureCategory.REJECTED: "The generation service refused the request.",
    FailureCategory.TIMEOUT: "The generation did not finish in time.",
    FailureCategory.VANISHED: "The generation disappeared at the generation service.",
    FailureCategory.ASSET_LOST: "The generation finished, but its file could not be fetched.",
    FailureCategory.RESULT_UNPROCESSED: (
        "The generation finished, but the bot could not process its file; the operator has been told."
    ),
    FailureCategory.LOST_ANSWER: (
        "The connection broke while this was submitted, and it is unknown whether it arrived."
    ),
    FailureCategory.EXPIRED: "This waited too long in the queue.",
    FailureCategory.NOT_CONFIRMED: "Its price was not confirmed in time; send the command again.",
    FailureCategory.NOT_APPROVED: "No admin approved this in time; send the command again, or ask one.",
    FailureCategory.REFUSED_BY_ADMIN: "An admin refused this, because of its price.",
    FailureCategory.KEY_REMOVED: "Cancelled: an admin removed the API key that would have paid for this.",
}

#: messages that quote the reason, for categories whose reason helps the member
_QUOTED = {
    FailureCategory.UNKNOWN: "The generation failed: “{}”.",
    FailureCategory.REJECTED: "The generation service refused the request: “{}”.",
    # Reasons of the bot's own, which say what to do instead.
    FailureCategory.INPUT_UNREACHABLE: (
        "The input could not be read: {}. Send it as an attachment, or choose another one."
    ),
    FailureCategory.INPUT_REFUSED: "{}.",
}


def classify_failure(reason: str | None, known: FailureCategory | None = None) -> Failure:
    """Read a failed generation's `failure_reason`; `known` is the category that the provider names."""
    if known is not None:
        return failure(known, reason)
    told_by_api = (reason or "").casefold()
    for rule in _RULES:
        if any(fragment in told_by_api for fragment in rule.fragments):
            return Failure(
                category=rule.category,
                message=f"{rule.message} {_NOT_CHARGED}",
                reason=one_line(reason or ""),
                retry_once=rule.retry_once,
            )
    return failure(FailureCategory.UNKNOWN, reason)


#: words for moderation in the answers to a create request, which vary more than failure reasons
_MODERATED = re.compile(
    r"(?i)\bmoderat(?:ion|ed)\b|\bcontent[ _]policy\b|\bcommunity guidelines\b|\bsafety (?:filter|system)\b"
    r"|\bnsfw\b|content_moderated"
)
#: the moderation itself failed and has refused nothing
_OUT_OF_ORDER = re.compile(r"(?i)\bunavailable\b|\bunreachable\b|\btim(?:ed|e) ?out\b|\berror\b")


def classify_refusal(reason: str) -> Failure:
    """Read why a create request was refused."""
    found = classify_failure(reason)
    if found.category in (FailureCategory.MODERATION, FailureCategory.INPUT_UNREACHABLE):
        return found
    if _MODERATED.search(reason) and not _OUT_OF_ORDER.search(reason):
        return failure(FailureCategory.MODERATION, reason)
    return failure(FailureCategory.REJECTED, reason)


def failure(category: FailureCategory, reason: str | None = None) -> Failure:
    """A failure of a known category."""
    message = _MESSAGES[category]
    shown = one_line(reason or "")
    if shown and category in _QUOTED:
        message = _QUOTED[category].format(neutral(shown).rstrip("."))
    return Failure(category=category, message=f"{message} {_NOT_CHARGED}", reason=shown or None)


_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
#: an address, of which only the host is shown: the rest may hold a token or a password
_ADDRESS = re.compile(r"(?i)\b[a-z][a-z0-9+.-]{0,15}://(?:[^\s/@]*@)?([^\s/?#\"'<>]*)[^\s\"'<>]*")


def one_line(text: str) -> str:
    """A foreign text on one line of at most 300 visible characters, with only the hosts of addresses."""
    visible = "".join(
        " " if unicodedata.category(character) in _INVISIBLE else character for character in text[:_READ_MAX]
    )
    line = " ".join(_ADDRESS.sub(r"\1/…", visible).split())
    return line if len(line) <= _SHOWN_MAX else line[: _SHOWN_MAX - 1].rstrip() + "…"


#: replacements for characters that make mentions, links and code blocks
_LOOK_ALIKE = str.maketrans({"@": "@\u200b", "<": "‹", ">": "›", "`": "'", "[": "(", "]": ")"})


def neutral(line: str) -> str:
    """The text with look-alikes of the characters that make mentions, links and code blocks."""
    return line.translate(_LOOK_ALIKE)
