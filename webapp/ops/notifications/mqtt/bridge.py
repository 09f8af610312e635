"""Keeps node states at the broker: retained states and discovery, a last will, and everything again after a restart of either.

A thread beside the clock, of which there is one, so that two bridges never contradict each other.
"""

import json
import logging
import threading
from typing import Any

import paho.mqtt.client as mqtt
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.utils import timezone
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from devices.contract.sensors import SENSORS
from devices.models import Node
from devices.telemetry import presence
from webapp.notices.kinds import KINDS, TEST
from webapp.ops.notifications.mqtt import broker, watch_sensors
from webapp.ops.notifications.mqtt.channel import topics
from webapp.ops.notifications.mqtt.discovery import NodeView, node_config, node_state, server_config

log = logging.getLogger(__name__)
EVERY_S = 2.0
LONGEST_PAUSE_S = 30  # between attempts to connect
ONLINE, OFFLINE = "online", "offline"


class Bridge:
    """Connects in the background, for ever; `look` publishes what has changed since the last one."""

    def __init__(self) -> None:
        """Raises ValueError where no broker is set."""
        self.topics = topics()
        self.address = settings.PUBLIC_URL.rstrip("/")
        self._published: dict[str, str] = {}  # retained, by topic
        self._retained = set[str]()  # entities of watches that the broker had: some may be of watches that are gone
        self._again = threading.Event()  # publish everything: the broker or Home Assistant may have lost it
        self.client, self._broker = broker.client(f"isthmus-bridge-{self.topics.identifier()}", reconnect=True)
        self.client.reconnect_delay_set(1, LONGEST_PAUSE_S)
        self.client.will_set(self.topics.available, OFFLINE, qos=1, retain=True)
        self.client.on_connect, self.client.on_disconnect = self._connected, self._disconnected
        self.client.on_message = self._received

    def start(self) -> None:
        self.client.connect_async(self._broker.host, self._broker.port, broker.KEEP_ALIVE_S)
        self.client.loop_start()

    def stop(self) -> None:
        """Says goodbye itself: a last will is only for a connection that breaks."""
        if self.client.is_connected():
            self.client.publish(self.topics.available, OFFLINE, qos=1, retain=True).wait_for_publish(1)
        self.client.disconnect()
        self.client.loop_stop()

    def look(self) -> None:
        """Once. Does nothing while the broker is away: what is true then is published when it is back."""
        if not self.client.is_connected():
            return
        if self._again.is_set():
            self._again.clear()
            self._published.clear()
        wanted = self._wanted()
        retained, self._retained = self._retained, set()  # the client's thread adds to it
        for topic in (self._published.keys() | retained) - wanted.keys():
            self._publish(topic, "")  # an empty retained message deletes it, and the device with it
            self._published.pop(topic, None)
        for topic, payload in wanted.items():
            if self._published.get(topic) != payload:
                self._publish(topic, payload)
                self._published[topic] = payload

    def _wanted(self) -> dict[str, str]:
        """Every retained message, by topic. Discovery comes first, so that states find their entities."""
        now = timezone.now()
        nodes = [
            NodeView(node.slug, node.title or node.slug, node.tier, presence.state(node, now), node.sensors)
            for node in Node.objects.filter(revoked_at=None).order_by("slug")
            if node.approved
        ]
        names = [kind.name for kind in (*KINDS, TEST)]
        messages: dict[str, Any] = {self.topics.config(): server_config(self.topics, names, self.address)}
        messages |= {self.topics.config(node.slug): node_config(self.topics, node, SENSORS, self.address) for node in nodes}
        messages |= {self.topics.node(node.slug, "state"): node_state(node, SENSORS) for node in nodes}
        for watch in watch_sensors.views():
            messages[watch_sensors.config_topic(self.topics, watch.number)] = watch_sensors.config(
                self.topics, watch, self.address
            )
            messages[watch_sensors.state_topic(self.topics, watch.number)] = watch_sensors.state(watch)
        wanted = {topic: json.dumps(message) for topic, message in messages.items()}
        for node in nodes:
            wanted[self.topics.node(node.slug, "available")] = ONLINE if node.state == "online" else OFFLINE
        return {**wanted, self.topics.available: ONLINE}

    def _publish(self, topic: str, payload: str) -> None:
        self.client.publish(topic, payload, qos=1, retain=True)

    def _connected(
        self, client: mqtt.Client, userdata: Any, flags: mqtt.ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            log.warning("MQTT: the broker refused the connection: %s", reason)
            return
        log.info("MQTT: connected to %s", self._broker.host)
        client.subscribe([(self.topics.births, 1), (watch_sensors.any_config(self.topics), 1)])
        self._again.set()

    def _received(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        if not watch_sensors.is_config(self.topics, message.topic):
            self._again.set()  # Home Assistant has started
        elif message.payload and message.retain:
            self._retained.add(message.topic)

    def _disconnected(
        self, client: mqtt.Client, userdata: Any, flags: mqtt.DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            log.warning("MQTT: the connection to %s broke (%s); connecting again", self._broker.host, reason)

    def run(self, ending: threading.Event) -> None:
        self.start()
        try:
            while not ending.wait(EVERY_S):
                try:
                    self.look()
                except DatabaseError as error:
                    log.warning("MQTT: the database does not answer: %s", error)
                finally:
                    close_old_connections()
        finally:
            self.stop()


_ending = threading.Event()
_thread: threading.Thread | None = None


def start() -> None:
    """Does nothing where no broker is set."""
    global _thread
    if not settings.MQTT_URL:
        return
    try:
        bridge = Bridge()
    except ValueError as error:
        log.error("MQTT: %s", error)
        return
    _ending.clear()
    _thread = threading.Thread(target=bridge.run, args=(_ending,), name="mqtt", daemon=True)
    _thread.start()


def stop() -> None:
    _ending.set()
    if _thread is not None:
        _thread.join(3)
