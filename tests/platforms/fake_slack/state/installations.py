"""Installs the app in workspaces and organisations, and uninstalls it."""

from tests.platforms.fake_slack.rules.refusals import Json, Refusal
from tests.platforms.fake_slack.state.apps import Code, Installation, Token
from tests.platforms.fake_slack.state.events import announce
from tests.platforms.fake_slack.state.places import Enterprise, Team, User
from tests.platforms.fake_slack.state.world import World


def install(
    world: World,
    *,
    team: Team | None = None,
    enterprise: Enterprise | None = None,
    installer: User | None = None,
    scopes: frozenset[str] | None = None,
) -> Installation:
    """Let the app into one workspace or all of an organisation; anew only its scopes grow."""
    target = team if team is not None else enterprise
    assert target is not None
    known = team.own_installation if team is not None else enterprise.installation if enterprise else None
    granted = world.app.manifest.scopes if scopes is None else scopes
    if known is not None and known.active:
        known.scopes |= granted
        known.installer = installer or known.installer
        return known
    teams = (
        [team]
        if team is not None
        else [each for each in world.teams.values() if each.enterprise is enterprise]
    )
    bot = User(id=world.new_id("U"), name=world.app.manifest.bot_name, team=teams[0], is_bot=True)
    made = Installation(
        bot=bot,
        bot_id=world.new_id("B"),
        scopes=granted,
        team=team,
        enterprise=enterprise if team is None else team.enterprise,
        installer=installer,
    )
    world.users[bot.id] = bot
    for each in teams:
        each.users[bot.id] = bot
    if team is not None:
        team.own_installation = made
    elif enterprise is not None:
        enterprise.installation = made
    return made


def uninstall(world: World, installation: Installation) -> None:
    """Put the app out: its tokens die, it leaves every channel and is told so."""
    team = home_of(world, installation)
    revoke(world, installation)
    announce(world, team, {"type": "app_uninstalled", "event_ts": world.stamps.take()})
    installation.active = False
    for channel in world.channels.values():
        if installation.bot in channel.members and channel.kind.value != "im":
            channel.members.remove(installation.bot)
    if installation.team is not None:
        installation.team.own_installation = None
    elif installation.enterprise is not None:
        installation.enterprise.installation = None
    world.changes.notify()


def revoke(world: World, installation: Installation, tokens: list[Token] | None = None) -> None:
    """Take tokens back and tell the app whose they were."""
    for token in world.tokens.of(installation) if tokens is None else tokens:
        token.revoked = True
    named: Json = {"oauth": [], "bot": [installation.bot.id]}
    event = {"type": "tokens_revoked", "tokens": named, "event_ts": world.stamps.take()}
    announce(world, home_of(world, installation), event)


def home_of(world: World, installation: Installation) -> Team:
    """Return the workspace, or the first of an organisation."""
    return installation.team or next(each for each in world.teams.values() if installation.covers(each))


def redeem(world: World, code: Code | None, redirect_uri: str | None) -> Installation:
    """Exchange consent for an installation, once."""
    if code is None or code.is_over(world.clock.now_ms()):
        raise Refusal("invalid_code")
    if redirect_uri is not None and redirect_uri != code.redirect_uri:
        raise Refusal("bad_redirect_uri")
    team = code.installer.team
    return install(
        world,
        team=None if code.whole else team,
        enterprise=team.enterprise if code.whole else None,
        installer=code.installer,
        scopes=code.scopes,
    )


def told(installation: Installation, token: Token, world: World) -> Json:
    """Return what the app learns of a token that it has just been given."""
    answer: Json = {
        "access_token": token.value,
        "token_type": "bot",
        "scope": ",".join(sorted(token.scopes)),
        "bot_user_id": installation.bot.id,
        "app_id": world.app.id,
        "team": None,
        "enterprise": None,
        "is_enterprise_install": installation.team is None,
        "authed_user": {"id": installation.installer.id} if installation.installer is not None else {},
    }
    if installation.team is not None:
        answer["team"] = {"id": installation.team.id, "name": installation.team.name}
    if installation.enterprise is not None:
        answer["enterprise"] = {"id": installation.enterprise.id, "name": installation.enterprise.name}
    if token.expires_ms is not None:
        left_ms = token.expires_ms - world.clock.now_ms()
        answer |= {"expires_in": left_ms // 1000, "refresh_token": world.tokens.refreshing(token)}
    return answer
