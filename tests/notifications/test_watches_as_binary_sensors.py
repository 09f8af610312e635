"""MQTT: each watch that is on is a binary sensor of its device, on while what it looks for is there."""

import json
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from django.utils import timezone
from paho.mqtt.enums import CallbackAPIVersion

from devices.models import Node
from inference.watches import lifecycle, obstacles
from inference.watches.models import Event, Watch
from tests.notifications import test_mqtt
from tests.notifications.test_mqtt import Listener, Mosquitto, until
from webapp.ops.notifications.mqtt import bridge as bridges

mosquitto, listener, bridge, node = test_mqtt.mosquitto, test_mqtt.listener, test_mqtt.bridge, test_mqtt.node
CONFIG = "homeassistant/binary_sensor/isthmus/watch_{}/config"
pytestmark = pytest.mark.django_db


@pytest.fixture
def watch(node: Node, owner: Any) -> Watch:
    Node.objects.update(hardware={"cameras": [{"name": "yard"}]})
    row = lifecycle.create(owner, node.slug, "yard", "", {"looks_for": "dog"}, None)
    Watch.objects.update(applied=True)
    return row


def raised(watch: Watch) -> Event:
    return Event.objects.create(
        node=watch.node, uid="1" * 32, number=1, watch=watch, camera="yard", kind="raised", at=timezone.now(), confidence=0.9
    )


def test_a_watch_is_an_entity_of_its_device_and_on_while_its_event_lasts(
    bridge: bridges.Bridge, listener: Listener, watch: Watch
) -> None:
    until(bridge, lambda: listener.value(CONFIG.format(watch.pk)))
    config = listener.value(CONFIG.format(watch.pk))
    assert (config["name"], config["device"]["identifiers"]) == ("dog (yard)", ["isthmus_jetson-a"])
    device = listener.value("homeassistant/device/isthmus_jetson-a/config")
    assert config["device"]["identifiers"] == device["device"]["identifiers"]
    state = listener.value(config["state_topic"])
    assert (state["on"], state["available"], state["since"]) == (False, True, None)
    event = raised(watch)
    until(bridge, lambda: listener.value(config["state_topic"])["on"])
    assert listener.value(config["state_topic"])["confidence"] == 0.9
    event.ended = timezone.now()
    event.save()
    until(bridge, lambda: not listener.value(config["state_topic"])["on"])


def test_it_is_unavailable_while_nobody_watches(bridge: bridges.Bridge, listener: Listener, watch: Watch) -> None:
    topic = f"isthmus/watches/{watch.pk}/state"
    until(bridge, lambda: listener.value(topic) and listener.value(topic)["available"])
    Node.objects.update(last_seen=timezone.now() - timezone.timedelta(seconds=60))  # type: ignore[attr-defined]
    obstacles.refresh()
    until(bridge, lambda: not listener.value(topic)["available"])


def test_it_is_deleted_with_its_watch_also_when_that_happened_while_the_bridge_was_away(
    bridge: bridges.Bridge, listener: Listener, mosquitto: Mosquitto, watch: Watch
) -> None:
    gone, other = CONFIG.format(watch.pk + 1000), CONFIG.replace("isthmus", "isthmus_two").format(7)
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="earlier")
    client.username_pw_set("isthmus", "a password")
    client.connect("127.0.0.1", mosquitto.port)
    client.loop_start()
    for topic in (gone, other):
        client.publish(topic, json.dumps({"unique_id": topic}), qos=1, retain=True).wait_for_publish(5)
    client.disconnect()
    client.loop_stop()
    bridge.client.reconnect()
    until(bridge, lambda: listener.seen.get(gone) == b"")
    until(bridge, lambda: listener.value(CONFIG.format(watch.pk)))
    assert listener.seen[other]
    lifecycle.switch(watch, False)
    until(bridge, lambda: listener.seen[CONFIG.format(watch.pk)] == b"")
