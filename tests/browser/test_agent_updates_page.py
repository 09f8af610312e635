"""An update of agents in a real browser: asked for, followed, stopped, and tried again after it failed."""

from collections.abc import Iterator

import pytest

from bench.harness.stack import Stack
from tests.browser.conftest import Tab

pytestmark = pytest.mark.browser
# As agents report that the installer made the homes of; those of the stack run from a checkout.
ABLE = """
from devices.models import Node
for node in Node.objects.filter(slug__in=("jetson-a", "jetson-b")):
    node.abilities, node.versions = [*node.abilities, "update"], {**node.versions, "wheel": "a" * 64}
    node.save(update_fields=["abilities", "versions"])
"""
AS_BEFORE = """
from devices.agent_updates import rollouts
from devices.models import Node
rollouts.stop()
for node in Node.objects.filter(slug__in=("jetson-a", "jetson-b")):
    node.abilities = [name for name in node.abilities if name != "update"]
    node.versions, node.agent_update = {**node.versions, "wheel": None}, {}
    node.save(update_fields=["abilities", "versions", "agent_update"])
"""
FAILED = """
from devices import agent_wheel
from devices.agent_updates import rollouts
from devices.contract.updates import UpdateState
from devices.models import Node
why = "It ended 3 times before it worked, with status 1."
rollouts.receive(Node.objects.get(slug="jetson-a"), UpdateState(digest=agent_wheel.identity().digest, failed=why))
"""


@pytest.fixture
def able(stack: Stack) -> Iterator[None]:
    """Two of its nodes update their agents, as far as the server knows."""
    stack.shell(ABLE)
    yield
    stack.shell(AS_BEFORE)


def test_an_update_is_asked_for_followed_and_stopped(able: None, tab: Tab) -> None:
    page = tab.open("/devices/")
    for name in ("jetson-a", "jetson-b"):
        page.locator(f"[data-choose={name}]").check()
    page.locator("#selection").get_by_role("button", name="Update agent", exact=True).click()
    page.locator("#bulk-dialog").get_by_text("the first failure stops it").wait_for()
    page.locator("#bulk-dialog").get_by_role("button", name="Update agent: 2 devices").click()
    page.locator("#rollout").get_by_text("0 of 2 devices have it").wait_for()
    page.locator("[data-node=jetson-a]").get_by_text("Its agent is updated to").wait_for()
    page.locator("[data-node=jetson-b]").get_by_text("when its turn comes").wait_for()
    page.locator("#rollout").get_by_role("button", name="Stop").click()
    page.locator("#rollout").get_by_text("The update was stopped.").wait_for()
    page.locator("[data-node=jetson-b]").get_by_text("The server has another agent for it.").wait_for()
    assert tab.errors == []


@pytest.mark.long
def test_one_that_went_back_says_why_and_is_asked_again(able: None, tab: Tab, stack: Stack) -> None:
    stack.shell(FAILED)
    page = tab.open("/devices/")
    card = page.locator("[data-node=jetson-a]")
    card.get_by_text("It ended 3 times before it worked, with status 1.").wait_for()
    card.get_by_role("button", name="Try the update again").click()
    card.get_by_text("goes back to the present one where that does not work").wait_for()
    card.locator(".actions").get_by_role("button", name="Update agent").click()
    page.locator("#rollout").get_by_text("0 of 1 devices have it").wait_for()
    assert card.get_by_text("It ended 3 times").count() == 0
    assert tab.errors == []
