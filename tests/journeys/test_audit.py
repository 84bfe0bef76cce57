"""Does an auditor find what was done, without a reload, and take home what they see?"""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visit

pytestmark = pytest.mark.browser


def test_filters_work_as_they_are_chosen_and_the_address_holds_them(
    visit: Visit,
) -> None:
    page = visit("dirk@acme.example")
    page.goto("/tokens/")
    page.get_by_role("link", name="Audit").click()
    events = page.locator("#event-list li")
    expect(events.filter(has_text="joined").first).to_be_visible()
    page.get_by_label("What happened").select_option("Token requested")
    expect(events.filter(has_text="joined")).to_have_count(0)
    expect(page).to_have_url(re.compile("kind=token.requested"))
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV, for a spreadsheet").click()
    rows = download.value.path().read_text().splitlines()
    assert len(rows) > 1
    assert all("token.requested" in row for row in rows[1:])


def test_the_inventory_is_printed_as_a_table_and_nothing_else(visit: Visit) -> None:
    page = visit("dirk@acme.example")
    page.goto("/audit/tokens/")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 720, "height": 1000})  # A4, between its margins
    expect(page.get_by_role("heading", name="All tokens of Acme")).to_be_visible()
    expect(page.locator("table.list")).to_have_css("display", "table")
    for hidden in ("header.site", "nav.tabs", "footer.site", "a.button", "form button"):
        for element in page.locator(hidden).all():
            expect(element).to_be_hidden()
