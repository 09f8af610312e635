"""Who may use a camera, chosen on the page of its device in a real browser."""

import pytest

from tests.browser.conftest import Tab

pytestmark = pytest.mark.browser


def test_an_admin_opens_a_camera_to_everyone_and_closes_it_again(tab: Tab) -> None:
    page = tab.open("/devices/jetson-a/")
    for audience in ("everyone", "named"):
        rule = page.locator("[data-camera=shots]")
        rule.locator("select").select_option(audience)
        assert rule.locator(".people").is_visible() == (audience == "named")
        rule.get_by_role("button", name="Save").click()
        rule.get_by_text("Saved.").wait_for()
        page.reload()
        assert page.locator("[data-camera=shots] select").input_value() == audience
    assert tab.errors == []
