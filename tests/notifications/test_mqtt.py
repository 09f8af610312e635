"""MQTT against a real mosquitto: retained states, discovery, a last will, a broker that restarts, and events that arrive."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from django.utils import timezone
from paho.mqtt.enums import CallbackAPIVersion

from bench.harness.processes import wait_for
from devices.models import Node
from tests.notifications.conftest import deliver, make_due
from webapp.notices.models import Delivery
from webapp.notices.tell import Event, tell
from webapp.ops.notifications.mqtt import bridge as bridges
from webapp.ops.notifications.mqtt import broker
from webapp.ops.notifications.mqtt.channel import MqttChannel

WAIT_S = 20
pytestmark = pytest.mark.django_db


class Mosquitto:
    """Keeps nothing on disk, so that a restart has forgotten every retained message."""

    def __init__(self, program: str, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        passwords = folder / "passwords"
        subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "isthmus", "a password"], check=True, capture_output=True)
        passwords.chmod(0o644)
        self.config = folder / "mosquitto.conf"
        self.config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\npersistence false\nuser root\n"
        )
        self.program, self.process = program, None
        self.start()

    def start(self) -> None:
        self.process: Any = subprocess.Popen(
            [self.program, "-c", self.config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(self.answers, WAIT_S, "mosquitto did not start")

    def answers(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture
def mosquitto(tmp_path: Path, settings: Any) -> Iterator[Mosquitto]:
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if program is None or shutil.which("mosquitto_passwd") is None:
        pytest.skip("No MQTT broker on this machine: apt-get install mosquitto.")
    running = Mosquitto(program, tmp_path)
    settings.MQTT_URL, settings.MQTT_PASSWORD = f"mqtt://isthmus@127.0.0.1:{running.port}", "a password"
    yield running
    running.stop()


class Listener:
    """Home Assistant, as far as a broker knows it."""

    def __init__(self, port: int) -> None:
        self.seen: dict[str, bytes] = {}
        self.events: list[dict[str, Any]] = []
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="listener")
        self.client.username_pw_set("isthmus", "a password")
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = lambda client, *rest: client.subscribe([("isthmus/#", 1), ("homeassistant/#", 1)])
        self.client.on_message = self._heard
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _heard(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        if message.topic == "isthmus/event":
            assert not message.retain
            self.events.append(json.loads(message.payload))
        self.seen[message.topic] = message.payload

    def value(self, topic: str) -> Any:
        payload = self.seen.get(topic, b"")
        return json.loads(payload) if payload.startswith(b"{") else payload.decode()

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def listener(mosquitto: Mosquitto) -> Iterator[Listener]:
    made = Listener(mosquitto.port)
    yield made
    made.stop()


@pytest.fixture
def bridge(mosquitto: Mosquitto) -> Iterator[bridges.Bridge]:
    """Connected; a test lets it look, as its thread does."""
    made = bridges.Bridge()
    made.client.reconnect_delay_set(1, 1)
    made.start()
    wait_for(made.client.is_connected, WAIT_S, "the bridge did not connect")
    yield made
    made.stop()


@pytest.fixture
def node(db: None) -> Node:
    return Node.objects.create(
        slug="jetson-a", title="Kitchen", tier="device", approved=True, fingerprint="0", token_sha256="0",
        last_seen=timezone.now(), sensors={"temperature_c": 41.5, "power_w": None, "memory_used_mb": 2048},
    )  # fmt: skip


def until(bridge: bridges.Bridge, condition: Callable[[], Any]) -> None:
    def looked() -> bool:
        bridge.look()
        return bool(condition())

    wait_for(looked, WAIT_S, "the broker did not get it", every=0.2)


def test_a_node_is_a_device_with_its_state_and_sensors(bridge: bridges.Bridge, listener: Listener, node: Node) -> None:
    until(bridge, lambda: listener.value("isthmus/nodes/jetson-a/state") and listener.value("isthmus/available") == "online")
    config = listener.value("homeassistant/device/isthmus_jetson-a/config")
    assert config["device"]["name"] == "Kitchen" and config["origin"]["name"] == "Isthmus"
    assert config["components"]["online"]["device_class"] == "connectivity"
    temperature = config["components"]["temperature_c"]
    assert (temperature["platform"], temperature["unit_of_measurement"]) == ("sensor", "°C")
    assert {entry["topic"] for entry in temperature["availability"]} == {
        "isthmus/available",
        "isthmus/nodes/jetson-a/available",
    }
    names = [entity["unique_id"] for entity in config["components"].values()]
    assert len(names) == len(set(names))
    state = listener.value(config["components"]["online"]["state_topic"])
    assert (state["online"], state["state"], state["temperature_c"], state["power_w"]) == (True, "online", 41.5, None)
    memory = config["components"]["memory_used_mb"]
    assert (memory["device_class"], memory["suggested_unit_of_measurement"]) == ("data_size", "GiB")
    assert (state["memory_used_mb"], memory["unit_of_measurement"]) == (2048, "MiB")


def test_what_changes_is_published_and_what_goes_is_deleted(bridge: bridges.Bridge, listener: Listener, node: Node) -> None:
    until(bridge, lambda: listener.value("isthmus/nodes/jetson-a/available") == "online")
    Node.objects.update(last_seen=timezone.now() - timezone.timedelta(seconds=60))
    until(bridge, lambda: listener.value("isthmus/nodes/jetson-a/available") == "offline")
    assert listener.value("isthmus/nodes/jetson-a/state")["online"] is False
    Node.objects.update(revoked_at=timezone.now())
    until(bridge, lambda: listener.seen["homeassistant/device/isthmus_jetson-a/config"] == b"")


def test_a_bridge_that_dies_is_unavailable_by_its_last_will(bridge: bridges.Bridge, listener: Listener) -> None:
    until(bridge, lambda: listener.value("isthmus/available") == "online")
    bridge.client.reconnect_delay_set(WAIT_S * 2, WAIT_S * 2)
    bridge.client.socket().shutdown(socket.SHUT_RDWR)  # no goodbye
    wait_for(lambda: listener.value("isthmus/available") == "offline", WAIT_S, "no last will")


def test_after_a_restart_the_broker_has_everything_again(
    bridge: bridges.Bridge, listener: Listener, mosquitto: Mosquitto, node: Node
) -> None:
    until(bridge, lambda: listener.value("isthmus/available") == "online")
    mosquitto.stop()
    wait_for(lambda: not bridge.client.is_connected(), WAIT_S, "the bridge did not notice")
    bridge.look()  # nothing is lost and nothing raised while it is away
    listener.seen.clear()
    mosquitto.start()
    until(bridge, lambda: listener.value("isthmus/available") == "online")
    assert listener.value("isthmus/nodes/jetson-a/state")["online"] is True
    assert listener.value("homeassistant/device/isthmus_jetson-a/config")["device"]["name"] == "Kitchen"


def test_home_assistant_gets_everything_again_when_it_starts(bridge: bridges.Bridge, listener: Listener) -> None:
    until(bridge, lambda: listener.value("homeassistant/device/isthmus/config"))
    listener.seen.clear()
    bridge.look()
    listener.client.publish("homeassistant/status", "online", qos=1)
    until(bridge, lambda: listener.value("homeassistant/device/isthmus/config"))


def test_an_event_arrives_as_one_of_the_types_of_the_event_entity(bridge: bridges.Bridge, listener: Listener) -> None:
    until(bridge, lambda: listener.value("homeassistant/device/isthmus/config"))
    tell(Event("disk.low", {"free": "1 GB", "percent": "3"}))
    deliver()
    wait_for(lambda: listener.events, WAIT_S, "no event")
    entity = listener.value("homeassistant/device/isthmus/config")["components"]["notices"]
    assert entity["state_topic"] == "isthmus/event"
    (event,) = listener.events
    assert event["event_type"] in entity["event_types"]
    assert (event["event_type"], event["data"]["free"], event["level"]) == ("disk.low", "1 GB", "urgent")
    assert Delivery.objects.get(channel="mqtt").state == "sent"


def test_an_event_waits_for_a_broker_that_is_away(mosquitto: Mosquitto) -> None:
    mosquitto.stop()
    tell(Event("disk.low", {"free": "1 GB", "percent": "3"}))
    deliver()
    row = Delivery.objects.get(channel="mqtt")
    assert (row.state, row.attempts) == ("waiting", 1) and "ConnectionRefused" in row.outcome
    mosquitto.start()
    make_due()
    deliver()
    assert Delivery.objects.get(channel="mqtt").state == "sent"


def test_a_wrong_password_is_said_as_such(mosquitto: Mosquitto, settings: Any) -> None:
    settings.MQTT_PASSWORD = "wrong"
    tell(Event("disk.low", {"free": "1 GB", "percent": "3"}))
    started = time.monotonic()
    deliver()
    assert time.monotonic() - started < 10
    assert "refused" in Delivery.objects.get(channel="mqtt").outcome


@pytest.mark.parametrize("url", ["mqtt://", "http://broker", "broker:1883", "mqtt://broker:no"])
def test_an_address_that_is_none_is_one_sentence(url: str, settings: Any) -> None:
    settings.MQTT_URL = url
    assert MqttChannel().obstacle() == broker.INVALID


def test_a_broker_that_accepts_and_never_answers_is_given_up_on(silent_url: str, settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(broker, "CONNECT_S", 1.0)
    settings.MQTT_URL = silent_url.replace("http:", "mqtt:").removesuffix("/hook")
    tell(Event("disk.low", {"free": "1 GB", "percent": "3"}))
    deliver()
    assert "did not answer" in Delivery.objects.get(channel="mqtt").outcome


def test_a_certificate_that_is_none_is_one_sentence(settings: Any) -> None:
    settings.MQTT_URL, settings.MQTT_CA = "mqtts://broker", "no certificate"
    assert MqttChannel().obstacle() == broker.UNREADABLE_CA
