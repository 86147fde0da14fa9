"""Tokens and socket URLs: issue, rotate, revoke."""

import secrets

from tests.platforms.fake_slack.methods.routing import Call, Methods, Tier
from tests.platforms.fake_slack.rules.refusals import Json, Refusal
from tests.platforms.fake_slack.state.apps import TokenKind
from tests.platforms.fake_slack.state.installations import redeem, revoke, told, uninstall

methods = Methods()


@methods.on("oauth.v2.access", Tier.SPECIAL, token=None)
def access(call: Call) -> Json:
    """Give a token for a person's consent, or for the word that renews one."""
    _check_client(call)
    grant = call.option("grant_type") or "authorization_code"
    if grant == "refresh_token":
        token = call.world.tokens.exchange(call.option("refresh_token") or "")
        assert token.installation is not None
        return told(token.installation, token, call.world)
    if grant != "authorization_code":
        raise Refusal("invalid_grant_type")
    code = call.world.codes.pop(call.option("code") or "", None)
    installation = redeem(call.world, code, call.option("redirect_uri"))
    return told(installation, call.world.tokens.issue(installation), call.world)


@methods.on("apps.connections.open", Tier.SPECIAL, scope="connections:write", token=TokenKind.APP)
def open_connection(call: Call) -> Json:
    """Give out the address of one socket, which opens once and soon."""
    if not call.world.app.manifest.socket_mode:
        raise Refusal("socket_mode_not_enabled")
    ticket = secrets.token_urlsafe(24)
    call.world.tickets[ticket] = call.world.clock.now_ms()
    return {"url": call.world.addresses.socket(f"ticket={ticket}&app_id={call.world.app.id}")}


@methods.on("auth.revoke", Tier.THREE)
def revoke_own(call: Call) -> Json:
    if call.flag("test"):
        return {"revoked": False}
    assert call.token is not None
    revoke(call.world, call.installation, [call.token])
    return {"revoked": True}


@methods.on("apps.uninstall", Tier.ONE)
def uninstall_own(call: Call) -> Json:
    _check_client(call)
    uninstall(call.world, call.installation)
    return {}


def _check_client(call: Call) -> None:
    app = call.world.app
    client_id, secret = call.client or (call.option("client_id"), call.option("client_secret"))
    if client_id != app.client_id:
        raise Refusal("invalid_client_id")
    if secret != app.client_secret:
        raise Refusal("bad_client_secret")
