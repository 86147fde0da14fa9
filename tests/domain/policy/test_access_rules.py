"""Access rules: which of the rules that match decides, and what a refusal says."""

from dataclasses import replace

import pytest

from bot.domain.errors import NotAllowed
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import ImageModel, Resolution, VideoModel
from bot.domain.generations.requests import AnyRequest, ImageRequest, VideoRequest
from bot.domain.identity import Caller, Place
from bot.domain.policy.access import AccessRule, Asked, Effect, RuledCommand, command_of, deciding_rule
from bot.domain.policy.check import check_policy
from bot.domain.policy.record import Policy

W = "chat:home"
ADA = Caller(workspace=W, person="chat:ada", member=f"{W}:ada", name="Ada", roles=frozenset({f"{W}:artists"}))
BOB = Caller(workspace=W, person="chat:bob", member=f"{W}:bob", name="Bob")
ART = Place(adapter="chat", workspace=W, channel="art")
THREAD = Place(adapter="chat", workspace=W, channel="art", thread="t1")
LAB = Place(adapter="chat", workspace=W, channel="lab")
PICTURE = ImageRequest(prompt="a red fox")
LARGE = VideoRequest(prompt="a red fox", model=VideoModel.RAY_2, resolution=Resolution.P1080)
SMALL = VideoRequest(prompt="a red fox", model=VideoModel.RAY_FLASH_2, resolution=Resolution.P540)


def rules(*lines: str) -> tuple[AccessRule, ...]:
    """Rules such as `deny model=ray-2 role=artists`, numbered from 1."""
    found = []
    for number, line in enumerate(lines, 1):
        effect, *named = line.split()
        values = dict(one.split("=") for one in named)
        for field in ("member", "role"):
            if field in values:
                values[field] = f"{W}:{values[field]}"
        found.append(AccessRule(id=number, effect=Effect(effect), **values))
    return tuple(found)


@pytest.mark.parametrize(
    ("lines", "who", "place", "request_", "decides"),
    [
        ([], ADA, ART, PICTURE, None),
        (["deny"], ADA, ART, PICTURE, 1),
        (["deny model=ray-2"], ADA, ART, PICTURE, None),
        (["deny model=ray-2"], ADA, ART, LARGE, 1),
        # Equally specific: a denial wins, in whatever order they were set.
        (["allow model=ray-2", "deny resolution=1080p"], ADA, ART, LARGE, 2),
        (["deny resolution=1080p", "allow model=ray-2"], ADA, ART, LARGE, 1),
        (["allow channel=art", "deny channel=art"], ADA, ART, PICTURE, 2),
        # Whoever is named more closely, before everything else.
        (["deny", "allow role=artists"], ADA, ART, PICTURE, 2),
        (["deny", "allow role=artists"], BOB, ART, PICTURE, 1),
        (["deny channel=art command=animate model=ray-2", "allow role=artists"], ADA, ART, LARGE, 2),
        (["allow role=artists channel=art model=ray-2", "deny member=ada"], ADA, ART, LARGE, 2),
        (["deny role=artists", "allow member=ada"], ADA, ART, PICTURE, 2),
        # Then the channel.
        (["deny", "allow channel=art"], ADA, ART, PICTURE, 2),
        (["deny", "allow channel=art"], ADA, LAB, PICTURE, 1),
        (["deny", "allow channel=art"], ADA, THREAD, PICTURE, 2),
        (["deny channel=art", "allow channel=t1"], ADA, THREAD, PICTURE, 1),
        (["deny command=animate model=ray-2 resolution=1080p", "allow channel=art"], ADA, ART, LARGE, 2),
        # Then what names more.
        (["deny model=ray-2", "allow model=ray-2 resolution=1080p"], ADA, ART, LARGE, 2),
        (["deny command=animate", "allow command=animate model=ray-flash-2"], ADA, ART, SMALL, 2),
        (["deny command=animate", "allow command=animate model=ray-flash-2"], ADA, ART, LARGE, 1),
        # A picture has no resolution.
        (["deny resolution=720p"], ADA, ART, PICTURE, None),
        (["deny command=imagine", "allow role=artists command=imagine"], BOB, ART, PICTURE, 1),
    ],
)
def test_the_most_specific_rule_decides(
    lines: list[str], who: Caller, place: Place, request_: AnyRequest, decides: int | None
) -> None:
    found = deciding_rule(rules(*lines), Asked.of(who, place, request_))
    assert decides == (found.id if found else None)


@pytest.mark.parametrize(
    ("request_", "command"),
    [
        (PICTURE, RuledCommand.IMAGINE),
        (ImageRequest(prompt="x y z", modify_ref=Reference(job="j")), RuledCommand.MODIFY),
        (SMALL, RuledCommand.ANIMATE),
        (VideoRequest(prompt="on", start=Reference(job="j")), RuledCommand.ANIMATE),
        (VideoRequest(prompt="on", start=Reference(job="j", kind=MediaKind.VIDEO)), RuledCommand.EXTEND),
        (VideoRequest(prompt="on", end=Reference(job="j", kind=MediaKind.VIDEO)), RuledCommand.EXTEND),
    ],
)
def test_a_rule_about_a_command_holds_for_buttons_too(request_: AnyRequest, command: RuledCommand) -> None:
    assert command is command_of(request_)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["deny model=ray-2"], r"deny ray-2 \(rule 1\)\. Choose another model\."),
        (["deny command=animate"], r"deny /animate \(rule 1\)\. Choose another command\."),
        (["deny model=ray-2 resolution=1080p"], "Choose another resolution"),
        (["deny channel=lab"], "Try another channel"),
        (["deny", "allow channel=art"], r"deny everything .*It is allowed in #art\."),
        (["deny", "allow channel=art role=others"], "Ask an admin for access"),
    ],
)
def test_a_refusal_names_the_rule_and_the_remedy(lines: list[str], words: str) -> None:
    with pytest.raises(NotAllowed, match=words):
        check_policy(Policy(access=rules(*lines)), [Asked.of(ADA, LAB, LARGE)])


def test_a_model_is_compared_by_its_name() -> None:
    asked = Asked.of(ADA, ART, PICTURE)
    assert asked.model is ImageModel.PHOTON_1
    assert rules("deny model=photon-1")[0].matches(asked)
    assert not rules("deny model=photon-1")[0].matches(replace(asked, model=ImageModel.PHOTON_FLASH_1))
