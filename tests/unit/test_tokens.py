"""Tokens carry a payload for one purpose and a time, and nobody else can make them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.security.tokens import BadToken, TokenSigner

NOW = 1_700_000_000_000
SIGNER = TokenSigner(b"a secret of this test, long enough")
CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789.-_"


@given(payload=st.text(), expires_at=st.integers(NOW + 1, NOW * 2))
def test_a_token_gives_back_its_payload(payload: str, expires_at: int) -> None:
    token = SIGNER.sign("media", payload, expires_at=expires_at)
    assert re.fullmatch(r"[a-z0-9._-]+", token)
    assert SIGNER.verify("media", token, now=NOW) == payload


def test_simple_payloads_stay_short_and_readable() -> None:
    token = SIGNER.sign("media", "01hq3-job_7", expires_at=NOW)
    assert token.startswith("01hq3-job_7.")
    assert len(token) <= len("01hq3-job_7") + 1 + 9 + 1 + 26


@given(
    payload=st.sampled_from(["a1b2c3", "Mixed Case ünd more", ""]),
    place=st.integers(0, 200),
    character=st.sampled_from(CHARACTERS + "ABCZ=~ /%é\ud800"),
)
def test_any_changed_character_is_refused(payload: str, place: int, character: str) -> None:
    token = SIGNER.sign("media", payload, expires_at=NOW + 1000)
    at = place % len(token)
    changed = token[:at] + character + token[at + 1 :]
    if changed != token:
        with pytest.raises(BadToken):
            SIGNER.verify("media", changed, now=NOW)


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(BadToken):
        SIGNER.verify("media", text, now=NOW)


def test_a_token_ends() -> None:
    token = SIGNER.sign("media", "a", expires_at=NOW)
    assert SIGNER.verify("media", token, now=NOW - 1) == "a"
    with pytest.raises(BadToken, match="expired"):
        SIGNER.verify("media", token, now=NOW)


def test_a_token_serves_one_purpose_and_one_secret() -> None:
    token = SIGNER.sign("media", "a", expires_at=NOW + 1)
    with pytest.raises(BadToken):
        SIGNER.verify("callback", token, now=NOW)
    with pytest.raises(BadToken):
        TokenSigner(b"another secret of this test, long enough").verify("media", token, now=NOW)


def test_after_a_rotation_tokens_of_both_secrets_are_good_and_the_new_one_signs() -> None:
    """The earlier tokens were signed by a version that knew one secret."""
    old, new = b"the secret of an installation of version 7", b"its new secret, made much later, as long"
    after = TokenSigner(new, old)
    assert "ab12" == after.verify("media", "ab12.1f1koq134.w6scaxncpm3likkxxr3wmeqbwe", now=NOW)
    assert "0123-1" == after.verify("callback", "0123-1.1f1koq134.lgjdhkknd6x62d7bv2cxop4ize", now=NOW)
    token = after.sign("media", "ab12", expires_at=NOW + 1)
    assert "ab12" == TokenSigner(new).verify("media", token, now=NOW)
    with pytest.raises(BadToken):
        TokenSigner(old).verify("media", token, now=NOW)
