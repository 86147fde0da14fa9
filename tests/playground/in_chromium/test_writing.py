"""Writing in a real browser: attached files, replies, and a form for every command."""

import asyncio
import base64
import re

import pytest
from playwright.async_api import Browser, FilePayload, Page, Route, expect

from bot.domain.commands import CATALOGUE
from bot.domain.generations.requests import ImageRequest, VideoRequest
from tests.playground.in_chromium.browsing import complaints, form, open_page, say
from tests.playground.sample_media import picture, video
from tests.playground.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

BEAR = "a teddy bear with an electric guitar"
HILLS = picture(320, 240, kind="PNG")
GIVE = """([content, type, target]) => {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const given = new DataTransfer();
    given.items.add(new File([bytes], "hills.png", { type: "image/png" }));
    const how = { bubbles: true, cancelable: true, clientX: 500, clientY: 300 };
    const make = type === "paste"
      ? new ClipboardEvent("paste", { clipboardData: given, ...how })
      : new DragEvent(type, { dataTransfer: given, ...how });
    (target ? document.querySelector(target) : document.activeElement).dispatchEvent(make);
}"""

NAMELESS = """dialog => [...dialog.querySelectorAll('input, select, textarea, button')]
    .filter(one => !one.getAttribute('aria-label') && !one.labels?.length && !one.textContent.trim())
    .map(one => one.outerHTML)"""
WIDEST = """dialog => Math.max(
    ...[...dialog.querySelectorAll('*')].map(one => one.getBoundingClientRect().right))"""


async def give(page: Page, event: str, target: str = "", content: bytes = HILLS) -> None:
    """Paste or drop a picture."""
    await page.evaluate(GIVE, [base64.b64encode(content).decode(), event, target])


def file(content: bytes, name: str = "hills.png") -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": content}


async def test_a_pasted_picture_is_attached_and_animated(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await page.focus("#command-input")
    await give(page, "paste")
    chip = page.locator(".chip")
    await expect(chip).to_contain_text("320 × 240")
    await expect(chip.locator("img")).to_be_visible()
    await page.fill("#command-input", "the moon rises")
    await expect(page.locator(".offer").first).to_contain_text("/animate the moon rises")
    await expect(page.locator("#price")).to_have_text(re.compile(r"\$"))
    await page.keyboard.press("Enter")
    await expect(page.locator(".progress")).to_be_visible()
    await expect(chip).to_have_count(0)
    request = (await served.core.newest()).request
    assert isinstance(request, VideoRequest)
    assert request.start is not None
    assert request.start.file is not None
    assert await served.core.engine.services.storage.exists(request.start.file.file)
    await expect(page.locator(".attached-files img")).to_have_attribute("alt", "hills.png")
    assert complaints(page) == []


async def test_a_picture_can_be_dropped_anywhere_on_the_page(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await give(page, "dragenter", "#conversation")
    await expect(page.locator("#drop")).to_be_visible()
    await give(page, "drop", "#drop")
    await expect(page.locator("#drop")).to_be_hidden()
    await expect(page.locator(".chip")).to_contain_text("hills.png")
    await page.get_by_role("button", name="Remove hills.png").click()
    await expect(page.locator(".chip")).to_have_count(0)


async def test_unusable_files_show_the_reason_on_their_chips(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Add pictures or videos").click()
    await (await chooser.value).set_files(
        [file(HILLS), file(b"just words", "words.png"), file(b"", "none.png")]
    )
    chips = page.locator(".chip")
    await expect(chips.nth(0)).to_contain_text("320 × 240")
    await expect(chips.nth(1)).to_contain_text("neither a picture nor a video")
    await expect(chips.nth(2)).to_contain_text("This file is empty")
    await say(page, "/animate the moon rises")
    await expect(page.get_by_role("button", name="Remove words.png")).to_be_focused()
    assert await served.core.jobs() == []
    for name in ("words.png", "none.png"):
        await page.get_by_role("button", name=f"Remove {name}").click()
    await page.press("#command-input", "Escape")
    await page.press("#command-input", "Enter")
    await expect(page.locator(".progress")).to_be_visible()


async def test_a_file_of_200_mb_never_leaves_the_page(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.evaluate(
        """() => {
            const given = new DataTransfer();
            given.items.add(new File([new Uint8Array(200e6)], "film.mp4", { type: "video/mp4" }));
            dispatchEvent(new DragEvent("drop", { dataTransfer: given, clientX: 9, clientY: 9 }));
        }"""
    )
    await expect(page.locator(".chip")).to_contain_text("larger than 100 MB. Make it smaller or shorter")
    assert not [url for url in asked if "upload" in url]


async def test_many_files_at_once_all_arrive(served: Served, browser: Browser) -> None:
    """A person has two slots for uploads; the page sends one file after the other."""
    page = await open_page(browser, served.url)
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Add pictures or videos").click()
    await (await chooser.value).set_files([file(HILLS, f"hills {number}.png") for number in range(4)])
    await expect(page.locator(".chip")).to_have_count(4)
    await expect(page.locator(".chip[data-state=ready]")).to_have_count(4)


async def test_a_refused_command_can_be_edited_with_its_files(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await page.focus("#command-input")
    for _ in range(3):
        await give(page, "paste")
    await expect(page.locator(".chip")).to_have_count(3)
    await say(page, "/animate the moon rises")
    await expect(page.locator(".note")).to_contain_text("of these 3 files; send fewer")
    await expect(page.locator(".note .attached-files img")).to_have_count(3)
    await page.get_by_role("button", name="Edit and try again").click()
    await expect(page.locator(".chip")).to_have_count(3)
    await page.locator(".chip .remove").first.click()
    await page.keyboard.press("Enter")
    await expect(page.locator(".progress")).to_be_visible()


async def test_a_reply_builds_on_a_result_until_escape(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await say(page, f"/animate {BEAR}")
    await page.wait_for_selector(".progress")
    source = (await served.core.finish()).id
    reply = page.get_by_role("button", name="Reply", exact=True)
    await reply.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#replying")).to_contain_text(BEAR)
    await page.keyboard.press("Escape")
    await expect(page.locator("#replying")).to_be_hidden()
    await reply.focus()
    await page.keyboard.press("Enter")
    await page.fill("#command-input", "/reframe 9:16")
    await page.press("#command-input", "Enter")
    await expect(page.locator("#replying")).to_be_hidden()
    await expect(page.locator(".replied")).to_contain_text("reply to #")
    assert (await served.core.newest()).parent == source


async def test_every_command_has_a_form_that_opens_by_keyboard(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    opener = page.get_by_role("button", name="All commands")
    for name in CATALOGUE:
        await opener.focus()
        await page.keyboard.press("Enter")
        await page.get_by_role("menuitem", name=f"/{name}", exact=True).focus()
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name=f"/{name}", exact=True)
        await expect(dialog).to_be_visible()
        assert await dialog.evaluate(NAMELESS) == []
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
    assert complaints(page) == []


async def test_a_form_shows_its_price_and_sends_its_values(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await say(page, f"/imagine {BEAR}")
    await page.wait_for_selector(".progress")
    source = (await served.core.finish()).id
    await page.fill("#command-input", "a fox in the snow")
    dialog = await form(page, "imagine")
    await expect(dialog.get_by_role("textbox", name="Prompt")).to_have_value("a fox in the snow")
    await expect(dialog.locator(".quote")).to_have_text("≈$0.018 · simulated")
    await dialog.get_by_label("Aspect ratio").select_option("1:1")
    await dialog.get_by_label("Count").fill("3")
    await expect(dialog.locator(".quote")).to_have_text("3 × ≈$0.018 = ≈$0.054 · simulated")
    image = dialog.get_by_role("group", name="Image")
    await image.get_by_role("button", name="A result").click()
    await page.get_by_role("dialog", name="Choose a result").get_by_role("button").first.click()
    await image.get_by_role("slider", name="Influence").fill("0.4")
    await give(page, "paste", "dialog textarea")
    await expect(image.locator(".media-input")).to_have_count(3)
    await dialog.get_by_label("Private").check()
    await dialog.get_by_role("button", name="Send").click()
    await expect(page.locator(".cell")).to_have_count(3)
    request = (await served.core.newest()).request
    assert isinstance(request, ImageRequest)
    assert [(one.job, one.weight) for one in request.image_refs] == [(source, 0.4), (None, None)]
    said = f"/imagine a fox in the snow --aspect_ratio 1:1 --count 3 --image #{source}@0.4 --private"
    await expect(page.locator(".said").last).to_have_text(said)
    await expect(page.locator(".card").last).to_contain_text("Only you can see this")
    assert complaints(page) == []


async def test_each_media_field_takes_its_own_file(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    dialog = await form(page, "animate")
    end = dialog.get_by_role("group", name="End")
    async with page.expect_file_chooser() as chooser:
        await end.get_by_role("button", name="Choose a file").click()
    await (await chooser.value).set_files([file(HILLS, "end.png")])
    await expect(end).to_contain_text("end.png")
    await give(page, "paste", "dialog textarea", picture(160, 240, kind="PNG"))
    await expect(dialog.get_by_role("group", name="Start").locator(".media-input img")).to_be_visible()
    await dialog.get_by_role("textbox", name="Prompt").fill("from one to the other")
    await expect(dialog.locator(".quote b")).to_have_text(re.compile(r"\$"))
    await dialog.get_by_role("button", name="Send").click()
    await expect(page.locator(".progress")).to_be_visible()
    request = (await served.core.newest()).request
    assert isinstance(request, VideoRequest)
    assert [end.file.width for end in (request.start, request.end) if end and end.file] == [160, 320]


async def test_a_form_marks_the_field_at_fault_and_keeps_its_values(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await made_picture(served, page)
    await say(page, "/animate")
    dialog = page.get_by_role("dialog", name="/animate")
    await expect(dialog.locator(".quote")).to_have_text("Prompt is required")
    prompt = dialog.get_by_role("textbox", name="Prompt")
    await prompt.fill("a fox")
    await dialog.get_by_label("Loop").check()
    await page.keyboard.press("Escape")
    await form(page, "animate")
    await expect(prompt).to_have_value("a fox")
    await expect(dialog.get_by_label("Loop")).to_be_checked()
    await prompt.fill("x")
    await dialog.get_by_role("button", name="Send").click()
    await expect(prompt).to_be_focused()
    await expect(prompt).to_have_attribute("aria-invalid", "true")
    await expect(dialog.locator(".field.invalid")).to_contain_text("Prompt is too short")
    await prompt.fill("a fox")
    await expect(dialog.locator(".field.invalid")).to_have_count(0)
    # The fault is among the options that are folded away.
    concepts = dialog.get_by_role("textbox", name="Concepts", exact=True)
    await expect(concepts).to_be_hidden()
    await dialog.get_by_text("More options").click()
    await concepts.fill("dolly?zoom")
    await dialog.get_by_text("More options").click()
    await dialog.get_by_role("button", name="Send").click()
    await expect(concepts).to_be_focused()
    await expect(dialog.locator(".field.invalid")).to_contain_text("is not a concept")
    await concepts.fill("")
    # A video is no first frame, and a result of the other kind is not offered.
    film = video(320, 180, duration_ms=1000)
    async with page.expect_file_chooser() as chooser:
        await dialog.get_by_role("button", name="Start: choose a file").click()
    await (await chooser.value).set_files({"name": "film.webm", "mimeType": "video/webm", "buffer": film})
    await expect(dialog.locator(".media-input.failed")).to_contain_text("a picture is needed")
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog.locator(".field.invalid")).to_contain_text("Remove it, then send again")
    await dialog.get_by_role("button", name="Remove film.webm").click()
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog).to_have_count(0)
    await page.wait_for_selector(".progress")
    assert isinstance((await served.core.newest()).request, VideoRequest)
    assert complaints(page) == []


async def made_picture(served: Served, page: Page) -> None:
    await say(page, f"/imagine {BEAR}")
    await page.wait_for_selector(".progress")
    await served.core.finish()
    await expect(page.locator(".picture.there")).to_be_visible()


async def test_options_are_checked_and_drafts_belong_to_their_conversation(
    served: Served, browser: Browser
) -> None:
    page = await open_page(browser, served.url)
    field = page.locator("#command-input")
    await field.fill("/imagine a fox --ar 7:2 --seed 4 --n 2")
    chips = page.locator("#options .option")
    await expect(chips).to_contain_text(["aspect ratio: 7:2", "seed: 4", "count: 2"])
    await expect(page.locator(".option.wrong")).to_have_count(2)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Not sent")
    assert served.core.service.keys == []
    await page.get_by_role("button", name="Remove seed: 4").click()
    await page.get_by_role("button", name="Remove aspect ratio: 7:2").click()
    await expect(field).to_have_value("/imagine a fox --n 2")
    await expect(page.locator(".option.wrong")).to_have_count(0)
    # Another model would take this one.
    await field.fill("/imagine a fox --ar 2:1")
    await expect(page.locator(".option.wrong")).to_contain_text("2:1 is not offered")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Not sent")
    await field.fill("/imagine a fox --n 2")
    await give(page, "paste")
    await expect(page.locator(".chip")).to_contain_text("320 × 240")
    await page.get_by_role("button", name="Direct messages").click()
    await expect(field).to_have_value("")
    await field.fill("an owl")
    await page.reload()
    await expect(field).to_have_value("an owl")
    await page.get_by_role("button", name="studio").click()
    await expect(field).to_have_value("/imagine a fox --n 2")
    await expect(page.locator(".chip")).to_contain_text("320 × 240")
    await field.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".card .title")).to_have_text("a fox")
    request = (await served.core.newest()).request
    assert isinstance(request, ImageRequest)
    assert len(request.image_refs) == 1
    await page.reload()
    await expect(page.locator(".card .title")).to_have_text("a fox")
    await expect(field).to_have_value("")
    # A bare command opens its form, and a bad file says why nothing was sent.
    await say(page, "/imagine")
    opened = page.get_by_role("dialog", name="/imagine")
    await expect(opened).to_be_visible()
    await page.keyboard.press("Escape")
    # A closed form takes files until its element is removed.
    await expect(page.locator("dialog.form")).to_have_count(0)
    assert complaints(page) == []
    await give(page, "paste", content=b"just words")
    await expect(page.locator(".chip")).to_have_count(1)
    await say(page, "/imagine a fox")
    await expect(page.get_by_role("alert")).to_contain_text("cannot be sent: This is neither a picture")


async def test_sending_waits_for_a_running_upload(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    arrived = asyncio.Event()

    async def hold(route: Route) -> None:
        await arrived.wait()
        await route.continue_()

    await page.route("**/upload*", hold)
    await page.focus("#command-input")
    await give(page, "paste")
    await say(page, "/animate the moon rises")
    await expect(page.locator("#send")).to_have_attribute("aria-busy", "true")
    arrived.set()
    await expect(page.locator(".progress")).to_be_visible()
    assert len((await served.core.newest()).request.references) == 1


async def test_a_command_written_before_the_page_has_loaded_is_sent_by_its_person(
    served: Served, browser: Browser
) -> None:
    page = await (await browser.new_context()).new_page()
    arrived = asyncio.Event()

    async def hold(route: Route) -> None:
        await arrived.wait()
        await route.continue_()

    await page.route("**/state*", hold)
    await page.goto(served.url)
    await say(page, "/imagine a red fox")
    await expect(page.locator("#send")).to_have_attribute("aria-busy", "true")
    arrived.set()
    await expect(page.locator("#messages article")).to_contain_text("ada")
    await expect(page.locator("#command-input")).to_have_value("")
    # Suggestions that arrive after Escape would take the next Enter.
    arrived.clear()
    await page.route("**/suggest*", hold)
    async with page.expect_request("**/suggest*"):
        await page.fill("#command-input", "/im")
    async with page.expect_event("requestfailed", lambda request: "/suggest" in request.url):
        await page.press("#command-input", "Escape")
    arrived.set()


async def test_every_form_fits_a_phone(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url, width=320, dark=True)
    for name in ("imagine", "extend", "reframe"):
        dialog = await form(page, name)
        assert await dialog.evaluate(WIDEST) <= 320
        await page.keyboard.press("Escape")
