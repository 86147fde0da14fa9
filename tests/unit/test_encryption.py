"""What is sealed opens with its secrets alone, in its own place alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.security.encryption import DecryptionFailed, FieldCipher, card_context, entry_context

OLD, NEW = b"the secret of an installation of version 7", b"its new secret, made much later, as long"
SEAL = FieldCipher(b"a secret of this test, long enough")
#: "xoxb-a-token", as earlier versions sealed it with OLD: without a context
WRITTEN_EARLIER = "v1.qnU0T-vRmseJNuzNycFR5EDZUl_5TrqWMMjQplhmrE0QBH8MDiD3RA=="


@given(text=st.text(), context=st.text())
def test_a_sealed_text_opens(text: str, context: str) -> None:
    assert text == SEAL.decrypt(SEAL.encrypt(text, context=context), context=context)


def test_the_same_text_never_looks_the_same() -> None:
    sealed = SEAL.encrypt("xoxb-token", context="here")
    assert "xoxb" not in sealed
    assert sealed != SEAL.encrypt("xoxb-token", context="here")


def test_another_secret_does_not_open_it() -> None:
    with pytest.raises(DecryptionFailed, match="another REVERIE_SECRET_KEY"):
        FieldCipher(b"another secret of this test, long enough").decrypt(
            SEAL.encrypt("token", context=""), context=""
        )


@given(here=st.text(), there=st.text())
def test_what_is_moved_to_another_place_does_not_open_there(here: str, there: str) -> None:
    if here != there:
        with pytest.raises(DecryptionFailed):
            SEAL.decrypt(SEAL.encrypt("token", context=here), context=there)


def test_no_two_places_have_the_same_context() -> None:
    places = [
        entry_context("a", "bc"),
        entry_context("ab", "c"),
        card_context("abc"),
        entry_context("card abc", ""),
    ]
    assert len(places) == len(set(places))


def test_after_a_rotation_the_new_secret_writes_and_both_open() -> None:
    before, after = FieldCipher(OLD), FieldCipher(NEW, OLD)
    sealed = before.encrypt("token", context="here")
    assert "token" == after.decrypt(sealed, context="here")
    assert "token" == FieldCipher(NEW).decrypt(after.encrypt("token", context="here"), context="here")
    assert [False, True] == [
        after.is_current(one, context="here") for one in (sealed, after.encrypt("token", context="here"))
    ]
    with pytest.raises(DecryptionFailed):
        FieldCipher(NEW).decrypt(sealed, context="here")


def test_what_earlier_versions_sealed_opens_in_every_place_and_is_not_current() -> None:
    for cipher in (FieldCipher(OLD), FieldCipher(NEW, OLD)):
        assert "xoxb-a-token" == cipher.decrypt(WRITTEN_EARLIER, context="anywhere")
        assert not cipher.is_current(WRITTEN_EARLIER, context="anywhere")


@pytest.mark.parametrize("change", [("v1.", "v2."), ("v2.", "v1."), ("v2.", "v3."), ("v2.", "")])
def test_one_form_is_not_read_as_another(change: tuple[str, str]) -> None:
    for sealed in (WRITTEN_EARLIER, FieldCipher(OLD).encrypt("token", context="")):
        if (changed := sealed.replace(*change, 1)) != sealed:
            with pytest.raises(DecryptionFailed):
                FieldCipher(OLD).decrypt(changed, context="")


@given(place=st.integers(0, 500), character=st.characters())
def test_a_changed_text_does_not_open(place: int, character: str) -> None:
    sealed = SEAL.encrypt("a secret", context="")
    assert not sealed.endswith("=")
    at = place % len(sealed)
    changed = sealed[:at] + character + sealed[at + 1 :]
    if changed != sealed:
        with pytest.raises(DecryptionFailed):
            SEAL.decrypt(changed, context="")


@given(st.text())
def test_one_seal_is_written_in_one_way(text: str) -> None:
    sealed = SEAL.encrypt(text, context="")
    for other in (
        sealed.replace("_", "/"),
        sealed.replace("-", "+"),
        sealed + "\n",
        sealed + "=",
        "v2. " + sealed[3:],
    ):
        if other != sealed:
            with pytest.raises(DecryptionFailed):
                SEAL.decrypt(other, context="")


@given(st.text())
def test_any_other_text_does_not_open(text: str) -> None:
    with pytest.raises(DecryptionFailed):
        SEAL.decrypt(text, context="")
