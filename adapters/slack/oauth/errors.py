"""What Slack says where tokens are had, renewed and looked at, and whether asking again may help."""

from http import HTTPStatus

from slack_sdk.errors import SlackApiError

from adapters.slack.web_api.errors import NOT_NOW, TROUBLE
from adapters.slack.web_api.responses import error_code


def error_reason(error: SlackApiError) -> str:
    """Slack's own word for its no, which holds nothing secret."""
    # A proxy, or Slack in trouble, answers with a page.
    return error_code(error.response.data) or str(error.response.status_code)


def is_transient(error: SlackApiError) -> bool:
    """Whether the same may go well later."""
    code = error_code(error.response.data)
    return (
        error.response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        or error.response.status_code == HTTPStatus.TOO_MANY_REQUESTS
        # Without Slack's own word it is something on the way that says no.
        or not code
        or code in TROUBLE | NOT_NOW
    )
