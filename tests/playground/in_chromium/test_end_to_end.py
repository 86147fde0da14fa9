"""The whole product: `python -m bot run` in an empty folder, and a browser that uses it."""

import base64
import io
import re
from pathlib import Path

import av
import pytest
from PIL import Image
from playwright.async_api import Browser, Locator, Page, expect

from tests.buckets import GivenBucket
from tests.playground.in_chromium.browsing import complaints, open_page, put_away, say
from tests.playground.in_chromium.running_bot import running
from tests.playground.sample_media import picture as painted

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT = Path(__file__).parents[3]
BEAR = "a teddy bear with an electric guitar"
#: a browser without patents cannot play what every other plays
PLAYS_H264 = """document.createElement('video').canPlayType('video/mp4; codecs="avc1.42E01E"') !== ''"""
PASTE = """content => {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const given = new DataTransfer();
    given.items.add(new File([bytes], "hills.png", { type: "image/png" }));
    document.activeElement.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true }));
}"""


def cards_of(page: Page) -> Locator:
    return page.locator("article.card:not(.note *)").filter(has=page.locator(".job"))


async def content(page: Page, source: str) -> bytes:
    answer = await page.context.request.get(source)
    assert answer.headers["x-content-type-options"] == "nosniff"
    return await answer.body()


async def picture(page: Page, card: Locator) -> tuple[str, tuple[int, int]]:
    """Wait for a card's picture and return the type and size of its bytes."""
    await expect(card.locator(".picture.there").first).to_be_visible()
    source = await card.locator(".picture img").first.evaluate("image => image.src")
    with Image.open(io.BytesIO(await content(page, source))) as found:
        return str(found.format), found.size


async def video(page: Page, card: Locator) -> tuple[str, tuple[int, int], int]:
    """Wait for a card's video and return the codec, size and whole seconds of its bytes."""
    await expect(card.locator(".shown video")).to_be_visible()
    found = await card.locator(".shown video").evaluate("one => [one.src, one.poster]")
    with Image.open(io.BytesIO(await content(page, found[1]))) as poster:
        shape = poster.size
    with av.open(io.BytesIO(await content(page, found[0])), "r") as container:
        stream = container.streams.video[0]
        assert shape == (stream.width, stream.height)
        frames = sum(1 for _ in container.decode(stream))
        assert stream.average_rate
        return stream.codec_context.name, shape, round(frames / stream.average_rate)


async def play(page: Page, card: Locator) -> None:
    """Point at a video, which plays then unless its viewer has asked for less motion."""
    if not await page.evaluate(PLAYS_H264):
        return
    await page.emulate_media(reduced_motion="no-preference")
    await page.mouse.move(0, 0)  # it may be there already
    await card.locator(".shown video").hover()
    playing = "one => !one.paused && one.currentTime > 0 && one.videoWidth > 0"
    await page.wait_for_function(playing, arg=await card.locator(".shown video").element_handle())
    await page.emulate_media(reduced_motion="reduce")


async def react(page: Page, card: Locator, meaning: str) -> None:
    await card.get_by_role("button", name="Add a reaction").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("menuitemcheckbox", name=re.compile(rf"^{meaning}\b")).click()


async def test_a_whole_session(tmp_path: Path, browser: Browser, port: int) -> None:
    async with running(tmp_path, port, speed=20) as url:
        page = await open_page(browser, url)
        await page.get_by_role("button", name=f"/imagine {BEAR}").click()
        cards = cards_of(page)
        await expect(page.get_by_role("progressbar")).to_be_visible()
        assert await picture(page, cards.nth(0)) == ("JPEG", (2048, 1152))

        await cards.nth(0).get_by_role("button", name=re.compile("^Variation")).click()
        assert await picture(page, cards.nth(1)) == ("JPEG", (2048, 1152))
        await expect(cards.nth(1).locator(".parent")).to_contain_text("from #")

        await cards.nth(0).get_by_role("button", name=re.compile("^Reframe")).click()
        await page.get_by_role("menuitem", name="Reframe to 9:16").click()
        assert await picture(page, cards.nth(2)) == ("JPEG", (1152, 2048))

        await say(page, f"/imagine {BEAR} --ar 1:1 --format png")
        assert await picture(page, cards.nth(3)) == ("PNG", (1536, 1536))

        await cards.nth(0).get_by_role("button", name="Gallery", exact=True).click()
        await expect(cards.nth(0).locator(".stars")).to_contain_text("★ 1")

        gone = await cards.nth(1).locator(".job").get_attribute("id")
        await cards.nth(1).get_by_role("button", name="Delete", exact=True).click()
        await page.locator("dialog").get_by_role("button", name="Delete", exact=True).click()
        await expect(page.locator(f"#{gone}")).to_have_count(0)
        await page.reload()
        await expect(cards.nth(2).locator(".picture.there")).to_be_visible()
        await expect(page.locator(f"#{gone}")).to_have_count(0)
        assert complaints(page) == []
        await put_away(page)


async def test_a_pasted_picture_becomes_a_video_that_is_extended_and_reframed_and_other_files_are_refused(
    tmp_path: Path, browser: Browser, port: int
) -> None:
    async with running(tmp_path, port, speed=1_000) as url:
        page = await open_page(browser, url)
        cards = cards_of(page)
        await page.focus("#command-input")
        await page.evaluate(PASTE, base64.b64encode(b"just words").decode())
        await expect(page.locator(".chip.failed .state")).not_to_be_empty()
        assert list((tmp_path / "data").rglob("incoming/*")) == []
        await page.locator(".chip .remove").click()

        await page.focus("#command-input")
        await page.evaluate(PASTE, base64.b64encode(painted(1280, 720, kind="PNG")).decode())
        await expect(page.locator(".chip")).to_contain_text("1280 × 720")
        await page.fill("#command-input", "/animate the moon rises over the hills --resolution 540p")
        await expect(page.locator("#price")).to_have_text("$0.14 · simulated")
        await page.press("#command-input", "Escape")
        await page.press("#command-input", "Enter")
        await expect(cards.nth(0).locator(".attached-files img")).to_be_visible()
        assert await video(page, cards.nth(0)) == ("h264", (960, 540), 5)
        await play(page, cards.nth(0))

        await say(page, "/extend the moon sets again")
        assert await video(page, cards.nth(1)) == ("h264", (960, 540), 5)
        await expect(cards.nth(1).locator(".parent")).to_contain_text("from #")

        await say(page, "/reframe 1:1 more sky")
        codec, (width, height), length = await video(page, cards.nth(2))
        assert (codec, width == height, length) == ("h264", True, 5)
        await play(page, cards.nth(2))

        await react(page, cards.nth(1), "Variation")
        await expect(cards.nth(3).locator(".said")).to_have_text("🔁 Variation")
        assert await video(page, cards.nth(3)) == ("h264", (960, 540), 5)
        await expect(cards.nth(1).locator(".reaction .count")).to_have_text("1")
        await page.reload()
        await expect(page.locator(".shown video")).to_have_count(4)
        await expect(cards.nth(1).locator(".reaction .count")).to_have_text("1")
        # The refused file is the one failed request.
        assert [one for one in complaints(page) if "422" not in one] == []
        await put_away(page)


async def test_one_of_several_pictures_is_animated_by_a_reaction_and_sent_to_direct_messages(
    tmp_path: Path, browser: Browser, port: int
) -> None:
    async with running(tmp_path, port, speed=1_000) as url:
        page = await open_page(browser, url)
        cards = cards_of(page)
        await say(page, f"/imagine {BEAR} --count 3 --ar 1:1 --model photon-flash-1")
        await expect(cards.nth(0).locator(".picture.there")).to_have_count(3)
        await react(page, cards.nth(0), "Number 2")
        second = await cards.nth(0).locator(".cell").nth(1).get_attribute("data-job") or ""
        await react(page, cards.nth(0), "Animate")
        assert (await video(page, cards.nth(1)))[1] == (720, 720)
        await expect(cards.nth(1).locator(".parent")).to_have_attribute("href", f"#job-{second}")

        await cards.nth(1).get_by_role("button", name="Send to me", exact=True).click()
        await page.get_by_role("button", name="Direct messages, 1 unread").click()
        await expect(page.locator(".shown video")).to_have_count(1)
        await page.get_by_role("button", name="Reply", exact=True).focus()
        await page.keyboard.press("Enter")
        await page.fill("#command-input", "/extend it begins to rain --resolution 540p")
        await page.press("#command-input", "Enter")
        assert (await video(page, cards.nth(1)))[1:] == ((540, 540), 5)
        assert complaints(page) == []
        await put_away(page)


async def test_two_people_with_quotas_of_their_own_a_private_result_and_a_bot_that_stops(
    tmp_path: Path, browser: Browser, port: int
) -> None:
    async with running(tmp_path, port, speed=1_000) as url:
        ada = await open_page(browser, url)
        grace = await open_page(browser, url, me="grace")
        await _quotas_and_refusals(ada, grace)
        await _private_result_is_edited(ada, grace)
        assert complaints(ada) + complaints(grace) == []
    for page in (ada, grace):
        await expect(page.locator("#banner")).to_contain_text("The connection is lost")


async def _quotas_and_refusals(ada: Page, grace: Page) -> None:
    before = await grace.locator("#quota").text_content() or ""
    await say(ada, f"/imagine {BEAR}")
    await picture(ada, cards_of(ada).nth(0))
    await expect(ada.locator("#quota")).not_to_have_text(before)
    await expect(grace.locator(".picture.there")).to_be_visible()
    await say(grace, "/imagine x")
    await expect(grace.locator(".note")).to_contain_text("Prompt is too short")
    await expect(grace.locator("#quota")).to_have_text(before)
    await expect(ada.locator(".note")).to_have_count(0)


async def _private_result_is_edited(ada: Page, grace: Page) -> None:
    before = await grace.locator(".message").count()
    await ada.get_by_role("button", name="All commands").click()
    await ada.get_by_role("menuitem", name="/imagine", exact=True).click()
    dialog = ada.get_by_role("dialog", name="/imagine")
    await dialog.get_by_role("textbox", name="Prompt").fill(BEAR)
    await dialog.get_by_label("Aspect ratio").select_option("9:16")
    await dialog.get_by_label("Private").check()
    await expect(dialog.locator(".quote b")).to_have_text(re.compile(r"\$0\.0"))
    await dialog.get_by_role("button", name="Send").click()
    card = cards_of(ada).nth(1)
    assert await picture(ada, card) == ("JPEG", (1152, 2048))
    await expect(card).to_contain_text("Only you can see this")
    await card.get_by_role("button", name=re.compile("^Edit prompt")).click()
    await ada.get_by_role("textbox", name="Prompt", exact=True).fill("a teddy bear with a drum")
    await ada.get_by_role("button", name="Create").click()
    await expect(cards_of(ada).nth(2).locator(".title")).to_have_text("a teddy bear with a drum")
    await picture(ada, cards_of(ada).nth(2))
    await expect(grace.locator(".message")).to_have_count(before)


async def test_a_reload_while_a_job_runs_loses_nothing(tmp_path: Path, browser: Browser, port: int) -> None:
    async with running(tmp_path, port, speed=4) as url:
        page = await open_page(browser, url)
        await say(page, f"/imagine {BEAR}")
        await expect(page.locator(".headline")).to_have_text(re.compile("Dreaming"))
        await page.reload()
        await expect(page.locator(".said")).to_have_text(f"/imagine {BEAR}")
        await expect(page.locator(".headline")).to_have_text(re.compile("Dreaming"))
        card = page.locator("article.card")
        await expect(card).to_have_count(1)
        assert await picture(page, card) == ("JPEG", (2048, 1152))
        await put_away(page)


async def test_the_page_shows_media_that_come_from_a_bucket(
    tmp_path: Path, browser: Browser, port: int, bucket: GivenBucket
) -> None:
    """Its policy allows the bucket, to which its own addresses redirect, and nothing else."""
    settings = bucket.environment | {"REVERIE_MEDIA_REDIRECT": "on"}
    async with running(tmp_path, port, speed=1_000, **settings) as url:
        page = await open_page(browser, url)
        cards = cards_of(page)
        await say(page, f"/imagine {BEAR}")
        await expect(cards.nth(0).locator(".picture.there")).to_be_visible()
        source = await cards.nth(0).locator(".picture img").first.evaluate("image => image.src")
        answer = await page.context.request.get(source)
        assert answer.url.startswith(f"{bucket.endpoint}/{bucket.name}/")

        await say(page, "/animate it plays")
        await expect(cards.nth(1).locator(".shown video")).to_be_visible()
        await play(page, cards.nth(1))
        film = await cards.nth(1).locator(".shown video").evaluate("one => one.src")
        assert complaints(page) == []
        await page.goto(f"{film}/view")
        await page.wait_for_function("document.querySelector('video').readyState > 0")
        assert (await page.context.request.get(f"{film}/still")).ok
        assert not [one for one in complaints(page) if "Content Security Policy" in one]
        await put_away(page)
