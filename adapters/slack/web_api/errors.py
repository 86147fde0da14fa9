"""What Slack's error codes mean, and what to do about them.

Every method documents its codes: https://docs.slack.dev/reference/methods
"""

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.domain.errors import ReverieError

#: the token is refused until somebody replaces it
AUTH_CODES = frozenset({
    "account_inactive", "invalid_auth", "not_allowed_token_type", "not_authed", "token_expired",
    "token_revoked",
})  # fmt: skip
#: Slack failed, and nobody knows whether it carried out the request
SERVER_ERROR_CODES = frozenset({
    "fatal_error", "file_update_failed", "internal_error", "request_timeout", "service_unavailable",
    "update_failed",
})  # fmt: skip
#: refused for now
RETRY_LATER_CODES = frozenset({
    "accesslimited", "external_channel_migrating", "message_limit_exceeded", "org_login_required",
    "rate_limited", "ratelimited",
    "streaming_state_conflict", "team_added_to_org",
})  # fmt: skip
#: a code of ours: the workspace has no token
NOT_INSTALLED = "not_installed"
#: words in Slack's message about a `slack_file` in a block
_IMAGE_WORDS = ("slack_file", "slack file")


class ErrorAction(StrEnum):
    """What the caller should do about an error."""

    #: the target does not exist (any more): take another route
    GONE = "gone"
    #: not allowed: another route may be
    FORBIDDEN = "forbidden"
    #: the file is too large for the workspace: send a smaller one
    TOO_LARGE = "too_large"
    #: the workspace accepts no such file: link it
    NO_FILE = "no_file"
    #: an image in the message cannot be shown yet, or no longer: upload or retry
    IMAGE = "image"
    #: the message itself is invalid, also later and elsewhere
    INVALID = "invalid"


_GONE = {
    "channel_not_found": "the channel does not exist, or I am not in it; use `/invite` to add me",
    "edit_window_closed": "this workspace does not allow messages to be edited any longer",
    "file_deleted": "the file was deleted",
    "file_is_deleted": "the file was deleted",
    "file_not_found": "the file does not exist any more",
    "invalid_channel": "the channel does not exist, or I am not in it; use `/invite` to add me",
    "message_not_found": "the message was deleted",
    NOT_INSTALLED: "the app is no longer installed in this workspace",
    "not_visible": "I cannot see the file",
    "team_access_not_granted": "the app is not in this workspace; an admin of the organisation can add it",
    "team_not_found": "the workspace does not exist any more",
    "thread_not_found": "the thread was deleted",
    "user_not_found": "the user does not exist",
}
_FORBIDDEN = {
    "access_denied": "I do not have access",
    "app_access_restricted": "this workspace restricts who can use the app",
    "cannot_dm_bot": "bots cannot send messages to each other",
    "cannot_reply_to_message": "this message does not accept replies",
    "cant_delete_message": "I can only delete my own messages",
    "cant_update_message": "I can only edit my own messages",
    "channel_is_limited_access": "I do not have access to the channel",
    "ekm_access_denied": "the workspace's admins have suspended the channel",
    "enterprise_is_restricted": "the organisation restricts what apps can do",
    "is_archived": "the channel is archived",
    "is_inactive": "the channel is archived or frozen",
    "max_file_sharing_exceeded": "the file was shared too often",
    "messages_tab_disabled": "direct messages with this app are turned off",
    "method_not_supported_for_channel_type": "this is not possible in this type of channel",
    "no_permission": "I lack a permission",
    "not_in_channel": "I am not in the channel; use `/invite` to add me",
    "restricted_action": "this workspace does not let me post there",
    "restricted_action_non_threadable_channel": "the channel has no threads",
    "restricted_action_read_only_channel": "the channel is read-only",
    "restricted_action_thread_locked": "the thread is locked",
    "restricted_action_thread_only_channel": "the channel only accepts replies in threads",
    "slack_connect_file_link_sharing_blocked": "files cannot be shared between organisations",
    "user_disabled": "the account is deactivated",
    "user_not_in_channel": "you are not in the channel",
    "user_not_visible": "the user cannot be reached from here",
}
_NO_FILE = {
    "blocked_file_type": "the workspace does not accept this type of file",
    "file_share_limit_reached": "the file was shared too often",
    "file_type_not_allowed": "the workspace does not accept this type of file",
    "file_uploads_disabled": "the workspace does not accept files",
    "file_uploads_except_images_disabled": "the workspace only accepts pictures",
    "posting_to_channel_denied": "files are not allowed in the channel",
    "slack_connect_blocked_file_type": "files of this type cannot be shared between organisations",
    "slack_connect_clip_sharing_blocked": "videos cannot be shared between organisations",
    "slack_connect_file_upload_sharing_blocked": "files cannot be shared between organisations",
    "storage_limit_reached": "the workspace's storage is full",
    "unable_to_share_files": "files are not allowed in the channel",
}
_TOO_LARGE = "file_upload_size_restricted"
#: about the channel that a file is shared in: another one may take it
FILE_CHANNEL_CODES = frozenset({"not_in_channel", "posting_to_channel_denied", "unable_to_share_files"})


class ApiError(ReverieError):
    """Slack refused a request for good."""

    def __init__(self, *, method: str, code: str, needed: str = "", details: tuple[str, ...] = ()) -> None:
        super().__init__(f"{method}: {' '.join([code, needed, *details])}".rstrip())
        self.method = method
        self.code = code
        #: the scope that the app lacks
        self.needed = needed
        #: Slack's messages about parts of the request
        self.details = details

    @property
    def action(self) -> ErrorAction:
        if self.code == _TOO_LARGE:
            return ErrorAction.TOO_LARGE
        if self.code in _NO_FILE:
            return ErrorAction.NO_FILE
        if self.code in _GONE:
            return ErrorAction.GONE
        if self.code in _FORBIDDEN or self.needed:
            return ErrorAction.FORBIDDEN
        if any(word in detail for detail in self.details for word in _IMAGE_WORDS):
            return ErrorAction.IMAGE
        return ErrorAction.INVALID

    @property
    def reason(self) -> str:
        """The reason in words, to be used inside a sentence."""
        if self.needed:
            return f"the app lacks the scope {self.needed}; an admin can reinstall it"
        for known in (_GONE, _FORBIDDEN, _NO_FILE):
            if self.code in known:
                return known[self.code]
        return f"Slack answered {self.code}"


class MalformedResponse(aiohttp.ClientPayloadError):
    """Slack's response is not what the method returns."""

    def __init__(self, method: str) -> None:
        # Nothing of the response: it may contain a token.
        super().__init__(f"Malformed response to {method}")


def error_code(body: object) -> str:
    """Slack's error code; empty where something else answered in Slack's place."""
    code = body.get("error") if isinstance(body, Mapping) else None
    return code if isinstance(code, str) else ""


def error_reason(error: SlackApiError) -> str:
    """Slack's error code or the status, for logs and findings; contains no secret."""
    return error_code(error.response.data) or str(error.response.status_code)


def is_transient(error: SlackApiError) -> bool:
    """Whether the same request may succeed later."""
    code = error_code(error.response.data)
    return (
        error.response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        or error.response.status_code == HTTPStatus.TOO_MANY_REQUESTS
        # Without an error code it is something in between that refused, such as a proxy.
        or not code
        or code in SERVER_ERROR_CODES | RETRY_LATER_CODES
    )
