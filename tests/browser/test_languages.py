"""From right to left, in Arabic, on a phone: as usable as in English."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.browser.test_accessibility import PHONE, judge
from workers.translations.catalogues import compile_if_stale

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_arabic_on_a_phone_is_right_to_left_said_by_scripts_too_and_without_faults(desk: Desk) -> None:
    compile_if_stale()
    page = desk.page(path="/account", locale="en-GB", viewport=PHONE, reduced_motion="reduce")
    page.locator("[name=language]").select_option("ja")
    expect(page.locator("#reading-preview [lang=ja]")).to_be_visible()  # said before anything is saved
    page.locator("[name=language]").select_option("ar")
    page.locator("form[action='/account/reading'] button").click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator(".flash")).to_have_text("تم الحفظ.")
    found = []
    for path in ("/account", "/search", "/contacts", "/inbox"):
        page.goto(desk.product.url + path)
        assert page.evaluate(OVERFLOW) <= 0, path
        found += judge(page, path)
    assert found == []
    page.set_viewport_size({"width": 1280, "height": 800})
    side, main = page.locator(".sidebar").bounding_box(), page.locator("#main").bounding_box()
    assert side is not None
    assert main is not None
    assert side["x"] > main["x"]
    page.keyboard.press("Control+k")
    expect(page.locator("#bar-text")).to_have_attribute("placeholder", "نفّذ أو افتح أو ابحث…")
    page.locator("#bar-text").fill("zzzz")
    expect(page.locator("[data-bar-said]")).to_have_text("لا شيء بهذا الاسم.")
