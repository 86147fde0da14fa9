"""The forms of the commands that change what was made, in a real browser."""

import re

import pytest
from playwright.async_api import Browser, Page, expect

from bot.domain.generations.requests import (
    AudioRequest,
    ImageRequest,
    ModifyVideoRequest,
    ReframeImageRequest,
    UpscaleRequest,
    VideoRequest,
)
from tests.playground.in_chromium.browsing import complaints, form, open_page, say
from tests.playground.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIZE = "image => [image.naturalWidth, image.naturalHeight]"


async def made(served: Served, page: Page, text: str) -> str:
    """Have a result, to build on."""
    await say(page, text)
    await page.wait_for_selector(".progress")
    job = (await served.core.finish()).id
    await expect(page.locator(".progress")).to_have_count(0)
    return job


async def test_a_video_is_modified_in_a_mode_that_is_explained(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    source = await made(served, page, "/animate a fox runs")
    dialog = await form(page, "modify")
    await expect(dialog.get_by_label("Mode", exact=True)).to_contain_text("adhere_1: Closest to the source")
    await dialog.get_by_label("Mode", exact=True).select_option("reimagine_2")
    await expect(dialog.locator(".field.wide")).to_contain_text("Mode")
    await dialog.get_by_role("textbox", name="Prompt").fill("in a blizzard")
    await expect(dialog.locator(".quote")).to_have_text(re.compile(r"≈\$0\.61.*builds on #"))
    await dialog.get_by_role("button", name="Send").click()
    await expect(page.locator(".progress")).to_be_visible()
    request = (await served.core.newest()).request
    assert isinstance(request, ModifyVideoRequest)
    assert (request.mode, request.prompt, request.source.job) == ("reimagine_2", "in a blizzard", source)
    assert complaints(page) == []


async def test_a_picture_is_modified_with_a_weight_of_its_own(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    source = await made(served, page, "/imagine a fox")
    dialog = await form(page, "modify")
    await dialog.get_by_role("textbox", name="Prompt").fill("a blue fox")
    await dialog.get_by_label("Weight").fill("0.05")
    await expect(dialog.locator(".quote b")).to_have_text(re.compile(r"≈\$0\.01"))
    await dialog.get_by_role("button", name="Send").click()
    await expect(page.locator(".said").last).to_have_text("/modify a blue fox --weight 0.05")
    request = (await served.core.newest()).request
    assert isinstance(request, ImageRequest)
    assert request.modify_ref is not None
    assert (request.modify_ref.job, request.modify_ref.weight) == (source, 0.05)


async def test_a_card_of_a_video_upscales_it_and_adds_audio(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    source = await made(served, page, "/animate a fox runs")
    for name, kind in (("Upscale", UpscaleRequest), ("Add audio", AudioRequest)):
        await page.locator(".card").first.get_by_role("button", name=name).click()
        await expect(page.locator(".progress")).to_be_visible()
        job = await served.core.newest()
        assert isinstance(job.request, kind)
        assert job.parent == source
        await served.core.finish()
        await expect(page.locator(".progress")).to_have_count(0)
        await expect(page.locator(".card").last).to_contain_text(f"#{source[-6:]}")
    # A variation begins with the first frame of the video, and so does what its settings make again.
    await page.locator(".card").first.locator(".do-variation").click()
    await expect(page.locator(".card")).to_have_count(4)
    varied = await served.core.newest()
    await page.locator(".card").last.get_by_role("button", name="Use the settings").click()
    dialog = page.get_by_role("dialog", name="/animate")
    await expect(dialog.locator(".media-input .name")).to_contain_text(f"First frame of #{source[-6:]}")
    await dialog.get_by_role("button", name="Send").click()
    await expect(page.locator(".card")).to_have_count(5)
    assert (await served.core.newest()).request == varied.request
    assert complaints(page) == []


async def test_concepts_and_motions_are_chosen_from_chips(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    dialog = await form(page, "animate")
    await dialog.get_by_role("textbox", name="Prompt").fill("a fox runs")
    await dialog.get_by_text("More options").click()
    concepts = dialog.get_by_role("group", name="Concepts: suggestions")
    motions = dialog.get_by_role("group", name="Camera motion: suggestions")
    await concepts.get_by_role("button", name="orbit_left").click()
    await dialog.get_by_label("Concepts", exact=True).fill("orbit_left, pu")
    await concepts.get_by_role("button", name="push_in").click()
    await expect(dialog.get_by_label("Concepts", exact=True)).to_have_value("orbit_left, push_in")
    await expect(concepts.get_by_role("button", name="push_in")).to_have_attribute("aria-pressed", "true")
    await motions.get_by_role("button", name="camera pan left").click()
    await dialog.get_by_role("button", name="Send").click()
    await expect(page.locator(".progress")).to_be_visible()
    request = (await served.core.newest()).request
    assert isinstance(request, VideoRequest)
    assert (request.concepts, request.prompt) == (("orbit_left", "push_in"), "a fox runs, camera pan left")


async def test_a_form_shows_ones_defaults_and_takes_presets_from_chips(
    served: Served, browser: Browser
) -> None:
    page = await open_page(browser, served.url)
    for text in (
        "/studio preset save style noir black and white",
        "/studio preset save style grain film grain",
    ):
        await say(page, text)
        await expect(page.locator(".note").last).to_contain_text("Preset saved")
    await say(page, "/settings --aspect_ratio 9:16 --private on")
    await expect(page.locator(".note").last).to_contain_text("9:16 · yours")
    # Not loaded with the page, but read again for the form.
    dialog = await form(page, "imagine")
    await dialog.get_by_role("textbox", name="Prompt").fill("a fox")
    await expect(dialog.get_by_label("Aspect ratio")).to_contain_text("9:16 · yours (default)")
    await expect(dialog.get_by_role("switch", name="Private")).to_be_checked()
    await dialog.get_by_role("switch", name="Private").uncheck()
    presets = dialog.get_by_role("group", name="Preset: suggestions")
    for name in ("noir", "grain"):
        await presets.get_by_role("button", name=name).click()
    await dialog.get_by_role("button", name="Send").click()
    await expect(page.locator(".card").last).to_contain_text("a fox, black and white, film grain")
    job = await served.core.newest()
    assert ("9:16", False) == (job.request.aspect_ratio, job.private)
    assert complaints(page) == []


async def test_the_new_frame_is_drawn_before_anything_is_spent(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url)
    await made(served, page, "/imagine a fox --ar 16:9")
    dialog = await form(page, "reframe")
    await dialog.get_by_label("Aspect ratio").select_option("1:1")
    drawing = dialog.get_by_role("img", name="The source in the new frame")
    await expect(drawing).to_be_hidden()
    await dialog.get_by_text("More options").click()
    await dialog.get_by_label("Grid position y").fill("-200")
    await expect(drawing).to_be_visible()
    first = await drawing.evaluate(SIZE)
    assert first[0] < first[1] == 360, "the part above the frame is shown too"
    await dialog.get_by_label("Grid position y").fill("1536")
    await expect(dialog.locator(".quote")).to_contain_text("grid_position_y 1536 puts the source")
    await expect(drawing).to_be_hidden()
    await dialog.get_by_label("Grid position y").fill("0")
    await expect(drawing).to_be_visible()
    await dialog.get_by_role("button", name="Send").click()
    await expect(page.locator(".progress")).to_be_visible()
    request = (await served.core.newest()).request
    assert isinstance(request, ReframeImageRequest)
    assert request.grid_position_y == 0
    assert complaints(page) == []


async def test_a_typed_command_shows_the_new_frame_before_it_is_started(
    served: Served, browser: Browser
) -> None:
    page = await open_page(browser, served.url)
    source = await made(served, page, "/imagine a fox --ar 16:9")
    line = "/reframe 1:1 --grid_position_y 20"
    await say(page, line)
    dialog = page.get_by_role("dialog", name="Start this /reframe?")
    drawing = dialog.get_by_role("img", name=re.compile("The new frame is 1536 × 1536 pixels"))
    await expect(drawing).to_be_visible()
    assert max(await drawing.evaluate(SIZE)) == 360
    await expect(dialog).to_contain_text("20 from the top")
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(dialog).to_have_count(0)
    assert len(await served.core.jobs()) == 1

    await say(page, line)
    await dialog.get_by_role("button", name=re.compile(r"Start · \$0\.0\d\d")).click()
    await expect(page.locator(".progress")).to_be_visible()
    await expect(page.locator(".said").last).to_contain_text(f"#{source[-6:]}")
    await expect(page.locator(".said").last).to_contain_text("--grid_position_y 20")
    job = await served.core.newest()
    assert isinstance(job.request, ReframeImageRequest)
    assert (job.parent, job.request.grid_position_y) == (source, 20)
    assert complaints(page) == []
