"""What Slack's error codes mean for a card on its way.

The codes stand with each method: https://docs.slack.dev/reference/methods
"""

from enum import StrEnum

from bot.domain.errors import ReverieError

#: no token is good until somebody has mended it
AUTH = frozenset({
    "account_inactive", "invalid_auth", "not_allowed_token_type", "not_authed", "token_expired",
    "token_revoked",
})  # fmt: skip
#: Slack's own trouble, after which nobody knows whether it did what was asked
TROUBLE = frozenset({
    "fatal_error", "file_update_failed", "internal_error", "request_timeout", "service_unavailable",
    "update_failed",
})  # fmt: skip
#: a no for now
NOT_NOW = frozenset({
    "external_channel_migrating", "message_limit_exceeded", "rate_limited", "ratelimited",
    "streaming_state_conflict", "team_added_to_org",
})  # fmt: skip
#: our own word for a workspace that has no token
NOT_INSTALLED = "not_installed"
#: what Slack names where it finds fault with a picture of its own in a block
_PICTURE = ("slack_file", "slack file")


class ErrorAction(StrEnum):
    """What is to be done about a refusal."""

    #: what the way leads to is not there, or no longer; take another way
    GONE = "gone"
    #: the bot may not; another way may be open
    FORBIDDEN = "forbidden"
    #: the file is too large for the workspace: send less
    TOO_LARGE = "too_large"
    #: the workspace takes no such file at all: link it
    NO_FILE = "no_file"
    #: a picture in the message cannot be shown yet, or no longer
    PICTURE = "picture"
    #: the message itself is not accepted, and will not be later or elsewhere
    WRONG = "wrong"


_GONE = {
    "channel_not_found": "the channel is gone, or I am not in it; `/invite` me there",
    "edit_window_closed": "the workspace lets no message be changed any longer",
    "file_deleted": "the file was deleted",
    "file_is_deleted": "the file was deleted",
    "file_not_found": "the file is gone",
    "message_not_found": "the message was deleted",
    NOT_INSTALLED: "the app is no longer installed in this workspace",
    "not_visible": "the file is not for me to see",
    "team_not_found": "the workspace is gone",
    "thread_not_found": "the thread was deleted",
    "user_not_found": "the person is gone",
}
_FORBIDDEN = {
    "access_denied": "I am not allowed in there",
    "app_access_restricted": "the workspace lets not everybody use this app",
    "cannot_dm_bot": "bots cannot write to each other",
    "cannot_reply_to_message": "nobody can answer to that message",
    "cant_delete_message": "the message is not mine",
    "cant_update_message": "the message is not mine",
    "channel_is_limited_access": "the channel is closed to me",
    "ekm_access_denied": "the workspace's admins have closed the channel",
    "is_archived": "the channel is archived",
    "is_inactive": "the channel is archived or frozen",
    "messages_tab_disabled": "direct messages with this app are turned off",
    "method_not_supported_for_channel_type": "this cannot be done in this kind of channel",
    "no_permission": "I lack a permission",
    "not_in_channel": "I am not in the channel; `/invite` me there",
    "restricted_action": "the workspace does not let me write there",
    "restricted_action_non_threadable_channel": "the channel has no threads",
    "restricted_action_read_only_channel": "the channel is read-only",
    "restricted_action_thread_locked": "the thread is locked",
    "restricted_action_thread_only_channel": "the channel takes answers in threads alone",
    "user_disabled": "the account is closed",
    "user_not_in_channel": "you are not in the channel",
    "user_not_visible": "the person cannot be reached from here",
}
_NO_FILE = {
    "blocked_file_type": "the workspace does not take this kind of file",
    "file_share_limit_reached": "the file was shared too often",
    "file_type_not_allowed": "the workspace does not take this kind of file",
    "file_uploads_disabled": "the workspace takes no files",
    "file_uploads_except_images_disabled": "the workspace takes pictures alone",
    "posting_to_channel_denied": "files are not allowed in the channel",
    "slack_connect_blocked_file_type": "files of this kind are not shared between organisations",
    "slack_connect_clip_sharing_blocked": "videos are not shared between organisations",
    "slack_connect_file_upload_sharing_blocked": "files are not shared between organisations",
    "storage_limit_reached": "the workspace's storage is full",
    "unable_to_share_files": "files are not allowed in the channel",
}
_TOO_LARGE = "file_upload_size_restricted"


class ApiError(ReverieError):
    """Slack refused a request for good."""

    def __init__(self, *, method: str, code: str, needed: str = "", details: tuple[str, ...] = ()) -> None:
        super().__init__(f"{method}: {' '.join([code, needed, *details])}".rstrip())
        self.method = method
        self.code = code
        #: scope that the app lacks
        self.needed = needed
        #: where in a message Slack found what
        self.details = details

    @property
    def meaning(self) -> ErrorAction:
        if self.code == _TOO_LARGE:
            return ErrorAction.TOO_LARGE
        if self.code in _NO_FILE:
            return ErrorAction.NO_FILE
        if self.code in _GONE:
            return ErrorAction.GONE
        if self.code in _FORBIDDEN or self.needed:
            return ErrorAction.FORBIDDEN
        if any(name in detail for detail in self.details for name in _PICTURE):
            return ErrorAction.PICTURE
        return ErrorAction.WRONG

    @property
    def told(self) -> str:
        """The reason in words, as part of a sentence."""
        if self.needed:
            return f"the app lacks the scope {self.needed}; an admin can install it anew"
        for known in (_GONE, _FORBIDDEN, _NO_FILE):
            if self.code in known:
                return known[self.code]
        return f"Slack said {self.code}"
