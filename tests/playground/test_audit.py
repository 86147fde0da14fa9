"""The playground's admin reads the audit."""

from tests.playground.page_requests import command
from tests.playground.serving import Served


async def test_the_first_person_reads_the_audit(served: Served) -> None:
    await command(served, "ada", "/studio pause a party", "key-00001")
    shown = await command(served, "ada", "/studio audit --action pause", "key-00002")
    (note,) = [one for one in shown["messages"] if one.get("title") == "Audit"]
    assert "studio pause" in str(note["facts"])
    assert "a party" in str(note["facts"])
    refused = await command(served, "grace", "/studio audit", "key-00003")
    assert "Only an admin" in refused["messages"][0]["text"]
