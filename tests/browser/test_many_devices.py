"""Many devices in a real browser: tags, filters, several at once; and what an agent is asked for from its page."""

import json
from typing import Any

import pytest
from playwright.sync_api import WebSocketRoute

from bench.harness.processes import wait_for
from tests.browser.conftest import Tab

pytestmark = pytest.mark.browser


def test_devices_are_tagged_together_found_by_their_tag_and_untagged(tab: Tab) -> None:
    page = tab.open("/devices/")
    for name in ("jetson-a", "jetson-b"):
        page.locator(f"[data-choose={name}]").check()
    page.locator("#selection").get_by_text("2 devices chosen").wait_for()
    for action, tag in (("Tag", "terrace"), ("Remove tag", "terrace")):
        page.locator("#selection").get_by_role("button", name=action, exact=True).click()
        page.fill("#bulk-tag", tag)
        page.locator("#bulk-dialog").get_by_role("button", name=f"{action}: 2 devices").click()
        page.locator("#outcome").get_by_text(f"{action}: done with 2 devices.").wait_for()
        if action == "Tag":
            page.locator("#fleet .tags").get_by_role("button", name="terrace").click()
            page.locator("#fleet").get_by_text("2 of").wait_for()
            assert "tag=terrace" in page.url and page.locator("[data-node=edge-1]").count() == 0
            for name in ("jetson-a", "jetson-b"):
                page.locator(f"[data-choose={name}]").check()
    page.get_by_text("No device matches. Change the filters, or show all.").wait_for()
    page.get_by_role("button", name="Show all").click()
    page.locator("[data-node=edge-1]").wait_for()
    assert tab.errors == []


def test_nothing_is_done_when_the_question_is_cancelled(tab: Tab) -> None:
    page = tab.open("/devices/?search=jetson-a")
    page.locator("[data-choose=jetson-a]").check()
    page.locator("#selection").get_by_role("button", name="Revoke").click()
    page.locator("#bulk-dialog").get_by_text("They lose access immediately.").wait_for()
    page.locator("#bulk-dialog").get_by_role("button", name="Cancel").click()
    page.reload()
    page.locator("[data-node=jetson-a] .state.online").wait_for()


def test_the_recent_log_of_an_agent_is_read_without_its_secrets(tab: Tab) -> None:
    page = tab.open("/devices/jetson-b/")
    page.locator("#read-log").click()
    text = page.locator("#log-text:not([hidden])")
    text.wait_for()
    assert "is ready" in text.inner_text() or "joined" in text.inner_text()
    page.locator("#log-status").get_by_text("As it was at").wait_for()
    assert tab.errors == []


def test_a_camera_is_previewed_once_an_admin_allows_it(tab: Tab) -> None:
    page = tab.open("/devices/jetson-a/")
    assert page.locator("#previews").is_hidden()
    for allowed in (True, False):
        rule = page.locator("[data-camera=shots]")
        rule.locator("[name=preview]").set_checked(allowed)
        rule.get_by_role("button", name="Save").click()
        rule.get_by_text("Saved.").wait_for()
        page.reload()
        if allowed:
            page.get_by_role("button", name="Preview of shots").click()
            page.locator("[data-preview=shots] img:not([hidden])").wait_for()
    assert page.locator("#previews").is_hidden()
    assert tab.errors == []


def test_a_late_word_about_a_device_does_not_bring_it_back_into_a_list_that_is_without_it(tab: Tab) -> None:
    snapshots: list[Any] = []
    sockets: list[WebSocketRoute] = []

    def through(socket: WebSocketRoute) -> None:
        def forward(message: str | bytes) -> None:
            if (frame := json.loads(message))["type"] == "snapshot":
                snapshots.append(frame)
            socket.send(message)

        socket.connect_to_server().on_message(forward)
        sockets.append(socket)

    tab.page.route_web_socket("**/ws/devices/**", through)
    page = tab.open("/devices/")
    page.locator("[data-node=jetson-a]").wait_for()
    wait_for(lambda: page.evaluate("1") and snapshots, 30, "no snapshot came")
    nodes = {node["slug"]: node for node in snapshots[0]["nodes"]}
    page.get_by_role("searchbox").fill("edge-1")
    page.locator("[data-node=jetson-a]").wait_for(state="detached")
    for node in (nodes["jetson-a"], nodes["edge-1"] | {"state": "offline"}):
        sockets[-1].send(json.dumps({"type": "node.state", "node": node}))
    page.locator("[data-node=edge-1] .state.offline").wait_for()
    assert page.locator("[data-node=jetson-a]").count() == 0
