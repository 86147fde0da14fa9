"""Admins walk through their pages in a real browser."""

import re

import pytest
from playwright.async_api import Browser, Page, expect

from tests.playground.in_chromium.browsing import complaints, open_page
from tests.playground.page_requests import BEAR, command
from tests.playground.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECTIONS = ("overview", "members", "allowances", "usage", "rules", "audit", "keys", "queue")
COSTLY = "/animate a fox that runs --model ray-2 --resolution 1080p"


async def open_admin(browser: Browser, served: Served, section: str, **options: object) -> Page:
    return await open_page(browser, f"{served.url}/playground/admin#{section}", **options)  # type: ignore[arg-type]


async def test_an_allowance_is_set_from_the_header_on_and_seen_applied(
    served: Served, browser: Browser
) -> None:
    page = await open_page(browser, served.url)
    await page.get_by_role("link", name="Admin").click()
    await page.get_by_role("link", name="Members").click()
    await expect(page.get_by_role("heading", name="Members", exact=True)).to_be_focused()
    row = page.get_by_role("row", name=re.compile("^grace"))
    await row.get_by_role("button", name="Allowance of grace").click()
    dialog = page.get_by_role("dialog")
    amount = dialog.get_by_label("Amount")
    await amount.fill("a lot")
    await dialog.get_by_role("button", name="Set").click()
    await expect(amount).to_have_attribute("aria-invalid", "true")
    await expect(amount).to_be_focused()
    await expect(dialog.locator(".field-money .problem")).to_contain_text("write it like 5 or 0.25")
    await amount.fill("2.50")
    await dialog.get_by_label("Period").select_option("week")
    await amount.press("Enter")
    await expect(dialog).to_have_count(0)
    await expect(row).to_contain_text("$2.50 each week")
    await expect(row).to_contain_text("own rule")
    await expect(page.get_by_role("row").filter(has_text="Quota set")).to_contain_text("from now")
    await expect(row.get_by_role("button", name="Allowance of grace")).to_be_focused()

    await page.reload()
    await expect(row).to_contain_text("$2.50 each week")
    await page.get_by_role("link", name="Audit").click()
    await expect(page.get_by_role("row").filter(has_text="quotas set")).to_contain_text("$2.50")
    await page.go_back()
    await expect(row).to_be_visible()

    # Another admin decides meanwhile.
    await command(served, "ada", "/rules block grace", "key-00001")
    await page.evaluate("dispatchEvent(new Event('focus'))")
    await expect(row).to_contain_text("blocked")
    assert [] == complaints(page)


async def test_a_rule_is_added_and_removed_and_the_audit_searched(served: Served, browser: Browser) -> None:
    page = await open_admin(browser, served, "rules")
    await page.get_by_text("Add a rule", exact=True).click()
    form = page.locator("form").filter(has=page.get_by_label("Effect"))
    await form.get_by_role("button", name="Add the rule").click()
    await expect(form.locator(".answer.refused")).to_contain_text("Name what to deny")
    await form.get_by_label("Model").select_option("ray-2")
    await form.get_by_role("button", name="Add the rule").click()
    rule = page.get_by_role("table", name="Access rules").get_by_role("row").filter(has_text="ray-2")
    await expect(rule).to_contain_text("deny")
    await rule.get_by_role("button", name="Remove").click()
    await expect(rule).to_have_count(0)
    await expect(page.locator(".list .answer")).to_contain_text("It was: deny ray-2.")
    await expect(page.get_by_role("heading", name="Access")).to_be_focused()

    await page.get_by_role("link", name="Audit").click()
    entries = page.get_by_role("table", name="Audit").locator("tbody tr")
    await expect(entries).to_have_count(2)
    await page.get_by_label("Action").fill("rules remove")
    await expect(entries).to_have_count(1)
    assert page.url.endswith("#audit?action=rules+remove")
    await page.get_by_label("Words").fill("nothing like it")
    await expect(page.get_by_text("No entry matches")).to_be_visible()
    assert [] == complaints(page)


async def test_a_held_job_is_approved_and_the_workspace_paused(served: Served, browser: Browser) -> None:
    await command(served, "ada", "/rules prices --confirm off --approve 1", "key-00001")
    await command(served, "grace", COSTLY, "key-00002")
    await command(served, "grace", BEAR, "key-00003")
    page = await open_admin(browser, served, "overview")
    await page.get_by_label("Reason that members see").fill("a party")
    await page.get_by_role("button", name="Pause").click()
    await expect(page.locator("#pause")).to_contain_text("paused here by an admin: a party")
    await page.get_by_role("button", name="Resume").click()
    await expect(page.locator("#pause")).to_be_hidden()

    more = page.locator("details").filter(has_text="/studio defaults")
    await more.locator("summary").click()
    await more.get_by_label("Count").fill("2")
    await more.get_by_role("button", name="Send").click()
    await expect(more.locator(".answer")).to_contain_text("Pictures of one command2")

    await page.get_by_role("definition").get_by_role("link", name="1").first.click()
    held = page.get_by_role("row").filter(has_text="a fox that runs")
    await expect(page.get_by_role("row").filter(has_text="teddy")).to_have_count(0)
    await held.get_by_role("button", name="Approve").click()
    await expect(page.locator(".answer")).to_contain_text("It is queued now")
    await page.get_by_role("link", name="All", exact=True).click()
    await expect(held).to_contain_text("waiting")
    bear = page.get_by_role("row").filter(has_text="teddy")
    await bear.get_by_role("button", name="Cancel").click()
    await expect(bear).to_have_count(0)
    await expect(page.locator(".answer")).to_contain_text("Not charged")
    assert [] == complaints(page)


async def test_a_report_of_usage_is_drawn_and_saved(served: Served, browser: Browser) -> None:
    await command(served, "grace", BEAR, "key-00001")
    await served.core.finish()
    page = await open_admin(browser, served, "usage")
    await expect(page.get_by_role("img", name="Bar chart by day")).to_be_visible()
    await page.get_by_label("By").select_option("member")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_role("img", name="Bar chart by member")).to_be_visible()
    await expect(page.get_by_role("term").filter(has_text="grace")).to_be_visible()
    async with page.expect_download() as saving:
        await page.get_by_role("button", name="Save as CSV").click()
    saved = await saving.value
    assert saved.suggested_filename.startswith("usage-by-member-")
    assert "grace," in (await saved.path()).read_text(encoding="utf-8-sig")
    assert [] == complaints(page)


async def test_every_section_fits_a_phone_in_the_dark(served: Served, browser: Browser) -> None:
    await command(served, "grace", COSTLY, "key-00001")
    await command(served, "ada", "/quotas set grace --amount 5 --unit pictures", "key-00002")
    await command(served, "ada", "/rules deny --model ray-2 --resolution 4k --member grace", "key-00003")
    page = await open_admin(browser, served, "overview", width=320, dark=True)
    for section in SECTIONS:
        await (
            page.get_by_role("navigation", name="Admin")
            .get_by_role("link", name=section.capitalize())
            .click()
        )
        await expect(page.get_by_role("heading", name=section.capitalize(), exact=True)).to_be_visible()
        await expect(page.locator(".list").first).not_to_be_empty()
        wide = await page.evaluate(
            "[document.documentElement, document.getElementById('content')]"
            ".some(one => one.scrollWidth > one.clientWidth)"
        )
        assert not wide, section
    assert [] == complaints(page)


async def test_somebody_else_neither_sees_nor_loads_the_pages(served: Served, browser: Browser) -> None:
    page = await open_page(browser, served.url, me="grace")
    await expect(page.get_by_role("link", name="Admin")).to_have_count(0)
    await page.goto(f"{served.url}/playground/admin#members")
    await expect(page.get_by_role("heading", name="This page is for admins")).to_be_visible()
    await expect(page.get_by_role("table")).to_have_count(0)
    assert all(re.search("403", one) for one in complaints(page))
