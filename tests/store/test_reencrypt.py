"""Re-encryption with the first secret: in pages, beside concurrent writers, only where needed."""

import pytest

from bot.security.encryption import DecryptionFailed, FieldCipher
from bot.service.adapter_data import AdapterData
from bot.service.operator.resealing import reseal_all
from bot.store.adapter_data import get, put
from bot.store.database.base import Database
from bot.store.queue.cards import find_card
from bot.store.reencrypt import PAGE, encrypted_values, replace_values
from tests.store.factories import SEAL, acceptance, accepted

OLD, NEW = b"the secret of an installation of version 7", b"its new secret, made much later, as long"
#: "xoxb-a-token", as earlier versions sealed it with OLD: without a context
WRITTEN_EARLIER = "v1.qnU0T-vRmseJNuzNycFR5EDZUl_5TrqWMMjQplhmrE0QBH8MDiD3RA=="


async def test_after_it_the_new_secret_alone_opens_everything(store: Database) -> None:
    before, after = AdapterData(store, FieldCipher(OLD), "chat"), AdapterData(store, FieldCipher(NEW), "chat")
    keys = [f"{number:03}" for number in range(PAGE + 1)]
    for key in keys:
        await before.put(key, f"value {key}")
    await store.transact(put, "other", "", WRITTEN_EARLIER)
    await store.transact(put, "other", "lost", SEAL.encrypt("lost", context=""))
    with pytest.raises(DecryptionFailed):
        await after.get("000")

    found = await reseal_all(store, FieldCipher(NEW, OLD))

    assert {"resealed": len(keys) + 1, "current": 0, "unreadable": 1} == found
    assert [f"value {key}" for key in keys] == [await after.get(key) for key in keys]
    assert "xoxb-a-token" == await AdapterData(store, FieldCipher(NEW), "other").get("")
    again = await reseal_all(store, FieldCipher(NEW, OLD))
    assert {"resealed": 0, "current": len(keys) + 1, "unreadable": 1} == again


async def test_values_keep_their_numbers(store: Database) -> None:
    """Who reads what is new would be shown everything again."""
    before = AdapterData(store, FieldCipher(OLD), "chat")
    numbers = [await before.put(key, "value") for key in "ab"]
    await reseal_all(store, FieldCipher(NEW, OLD))
    after = AdapterData(store, FieldCipher(NEW), "chat")
    assert numbers == [entry.seq for entry in await after.since("", 0)]
    assert numbers[-1] + 1 == await after.put("c", "value")


async def test_how_to_reach_a_card_is_resealed_too(store: Database) -> None:
    with_reach = acceptance(reach="token")
    await accepted(store, with_reach)
    await accepted(store)
    assert {"resealed": 0, "current": 1, "unreadable": 0} == await reseal_all(store, SEAL)
    found = await reseal_all(store, FieldCipher(NEW, b"a secret that opens nothing but these tests"))
    assert {"resealed": 1, "current": 0, "unreadable": 0} == found
    card = await find_card(store, with_reach.card, FieldCipher(NEW))
    assert card is not None
    assert "token" == card.place.reply_token


async def test_what_was_written_meanwhile_stays(store: Database) -> None:
    await AdapterData(store, FieldCipher(OLD), "chat").put("a", "read")
    pages = [page async for page in encrypted_values(store)]
    await AdapterData(store, FieldCipher(NEW), "chat").put("a", "written meanwhile")
    ((old,),) = pages
    changes = [(old, FieldCipher(NEW).encrypt("read", context=old.context))]
    assert 0 == await store.transact(replace_values, changes)
    kept = await get(store, "chat", "a")
    assert kept is not None
    assert "written meanwhile" == FieldCipher(NEW).decrypt(kept.encrypted, context=old.context)
