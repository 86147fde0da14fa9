"""What Slack says where tokens are had, renewed and looked at, and whether asking again may help."""

from http import HTTPStatus

from slack_sdk.errors import SlackApiError

from adapters.slack.api.refusals import NOT_NOW, TROUBLE


def reason_of(error: SlackApiError) -> str:
    """Slack's own word for its no, which holds nothing secret."""
    answer = error.response
    # A proxy, or Slack in trouble, answers with a page.
    said = answer.data.get("error") if isinstance(answer.data, dict) else None
    return str(said or answer.status_code)


def is_passing(error: SlackApiError) -> bool:
    """Whether the same may go well later."""
    return (
        error.response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        or error.response.status_code == HTTPStatus.TOO_MANY_REQUESTS
        or reason_of(error) in TROUBLE | NOT_NOW
    )
