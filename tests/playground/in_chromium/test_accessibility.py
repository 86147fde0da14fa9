"""axe finds nothing on the pages, in the dialogs and in the states of the playground, in any colours."""

import re

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect
from pydantic import SecretStr

from bot.settings import Switch
from tests.playground.in_chromium.browsing import open_page, say
from tests.playground.page_requests import BEAR, command
from tests.playground.serving import Served, serve

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: light, dark, and the system's own colours
_LOOKS = ("light", "dark", "forced")
#: all rules, and those that read colours: what the others read is the same in every look
_RULES = {"resultTypes": ["violations"]}
_RULES_OF_COLOURS = _RULES | {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
_RUN = "([part, options]) => axe.run(part, options).then(found => found.violations)"


async def _look(page: Page, found: list[str], state: str, *, part: str = "html") -> None:
    """Run axe on the present state in every look.

    `part` is what was not there in an earlier state: the colours of the rest were read then.
    """
    if await page.evaluate("window.axe === undefined"):
        await page.evaluate(Axe().axe_script)
    for look in _LOOKS:
        await page.emulate_media(
            color_scheme="dark" if look == "dark" else "light",
            forced_colors="active" if look == "forced" else "none",
            reduced_motion="reduce",
        )
        run = ["html", _RULES] if look == "light" else [part, _RULES_OF_COLOURS]
        for violation in await page.evaluate(_RUN, run):
            nodes = "; ".join(node["html"][:160] for node in violation["nodes"][:3])
            found.append(f"{state}, {look}: {violation['id']} ({violation['help']}): {nodes}")


async def test_axe_finds_nothing_in_any_state(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url, width=900)
    found: list[str] = []
    await _look(page, found, "welcome")
    await _messages(served, page, found)
    await _composer(page, found)
    await _popovers_and_dialogs(page, found)
    assert found == []


async def _messages(served: Served, page: Page, found: list[str]) -> None:
    await say(page, "/imagine a fox --count 2")
    await expect(page.locator(".progress")).to_have_count(2)
    await _look(page, found, "progress")
    for job in await served.core.job_ids():
        await served.core.finish(job)
    await expect(page.locator(".picture.there")).to_have_count(2)
    await say(page, "/animate a fox runs")
    await page.wait_for_selector(".progress")
    await served.core.finish()
    await page.get_by_role("button", name="Gallery", exact=True).first.click()
    await say(page, "/imagine x")
    await expect(page.locator(".note")).to_have_count(1)
    await say(page, "/help")
    await say(page, "/quota")
    await expect(page.locator(".note")).to_have_count(3)
    await say(page, "/history")
    await expect(page.locator(".job-list")).to_be_visible()
    await _look(page, found, "results and notes")
    # Their tables have most of the page's elements, and nothing of what follows changes them.
    await page.get_by_role("button", name="Dismiss all notes").click()
    await expect(page.locator(".note")).to_have_count(0)


async def _composer(page: Page, found: list[str]) -> None:
    await page.fill("#command-input", "/imagine a fox --ar 7:9 --seed 1 --n 2")
    await expect(page.locator(".option.wrong")).to_have_count(2)
    await page.press("#command-input", "Enter")
    await expect(page.locator("#problem")).to_be_visible()
    await _look(page, found, "wrong options", part="#composer")
    await page.fill("#command-input", "/ani")
    await expect(page.get_by_role("option")).to_have_count(1)
    await _look(page, found, "suggestions", part="#composer")
    await page.fill("#command-input", "")
    await page.get_by_role("button", name="Reply", exact=True).first.click()
    await page.fill("#command-input", "in the snow")
    await expect(page.locator(".offer").first).to_be_visible()
    await _look(page, found, "reply and offers", part="#composer")
    await page.fill("#command-input", "")
    await page.keyboard.press("Escape")


async def _popovers_and_dialogs(page: Page, found: list[str]) -> None:
    for opener in ("All commands", "You are ada", "Quota:", "Add a reaction", "Reframe"):
        await page.get_by_role("button", name=opener).first.click()
        await expect(page.locator(".panel")).to_be_visible()
        await _look(page, found, f"popover of {opener}", part=".panel")
        await page.keyboard.press("Escape")
        await expect(page.locator(".panel")).to_have_count(0)

    for name in ("/imagine", "/reframe", "/quotas set"):
        await say(page, name)
        dialog = page.get_by_role("dialog", name=name)
        more = dialog.get_by_text("More options")
        if await more.count():
            await more.click()
        await dialog.get_by_role("button", name="Send").click()
        await expect(dialog.locator(".quote")).not_to_be_empty()
        await _look(page, found, f"form of {name}")
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
    for opener, name in (("Edit prompt", "Edit prompt"), ("Delete", "Delete this?")):
        # Its price follows.
        await page.get_by_role("button", name=re.compile(rf"^{opener}\b")).first.click()
        await expect(page.get_by_role("dialog", name=name)).to_be_visible()
        await _look(page, found, name)
        await page.keyboard.press("Escape")
    await page.locator(".picture").first.click()
    await expect(page.locator("#lightbox")).to_be_visible()
    await _look(page, found, "large view")


async def test_axe_finds_nothing_on_the_admin_page(served: Served, browser: Browser) -> None:
    for key in ("key-00001", "key-00002"):
        await command(served, "grace", BEAR, key)
    await served.core.finish((await served.core.job_ids())[0])
    await command(served, "ada", "/rules deny --model ray-2 --member grace", "key-00003")
    await command(served, "ada", "/quotas set grace --amount 5 --unit pictures", "key-00004")
    page = await open_page(browser, f"{served.url}/playground/admin#overview")
    found: list[str] = []
    for section in ("Overview", "Members", "Allowances", "Usage", "Rules", "Audit", "Keys", "Queue"):
        await page.get_by_role("navigation", name="Admin").get_by_role("link", name=section).click()
        await expect(page.get_by_role("heading", name=section, exact=True)).to_be_visible()
        await expect(page.locator(".list").first).not_to_be_empty()
        await page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        await _look(page, found, f"admin: {section}")
    await page.get_by_role("link", name="Members").click()
    await page.get_by_role("button", name="Allowance of grace").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Amount").fill("a lot")
    await dialog.get_by_role("button", name="Set").click()
    await expect(dialog.locator(".field-money .problem")).not_to_be_empty()
    await _look(page, found, "admin: an allowance")
    assert found == []


async def test_axe_finds_nothing_on_the_sign_in_page(browser: Browser) -> None:
    async with serve(playground=Switch.ON, playground_password=SecretStr("open sesame")) as served:
        page = await (await browser.new_context()).new_page()
        await page.goto(f"{served.url}/playground/login")
        await page.get_by_label("Password").fill("wrong")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.locator("#problem")).not_to_be_empty()
        found: list[str] = []
        await _look(page, found, "sign in")
    assert found == []
