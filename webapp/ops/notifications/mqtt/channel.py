"""Each notice as one message to the topic of events, acknowledged by the broker (QoS 1)."""

import json
import os
import secrets

from django.conf import settings
from django.utils.translation import gettext_noop
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from webapp.accounts.models import User
from webapp.ops.notifications.channel import DeliveryError, Message
from webapp.ops.notifications.mqtt import broker
from webapp.ops.notifications.mqtt.discovery import Topics

ACKNOWLEDGED_S = 5.0


def topics() -> Topics:
    return Topics(settings.MQTT_TOPIC, settings.MQTT_DISCOVERY)


class MqttChannel:
    name, label, personal = "mqtt", gettext_noop("MQTT"), False

    def obstacle(self) -> str:
        return broker.obstacle()

    def targets(self, person: User) -> list[str]:
        return []

    def send(self, message: Message, target: str) -> None:
        """With a connection of its own: which worker sends it is a matter of chance, and the bridge is somewhere else."""
        payload = message.payload()
        body = json.dumps({"event_type": payload.pop("event"), **payload})
        refusals: list[ReasonCode] = []
        client, to = broker.client(f"isthmus-{os.getpid()}-{secrets.token_hex(4)}", reconnect=False)
        client.on_connect = lambda *heard: refusals.append(heard[3]) if heard[3].is_failure else None
        try:
            client.connect(to.host, to.port, broker.KEEP_ALIVE_S)
            client.loop_start()
            sending = client.publish(topics().event, body, qos=1)
            sending.wait_for_publish(ACKNOWLEDGED_S)
            acknowledged = (
                sending.rc in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN) and sending.is_published()
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise DeliveryError(f"{type(error).__name__}: {error}".rstrip(": ")) from error
        finally:
            client.disconnect()
            client.loop_stop()
        if refusals:
            raise DeliveryError(f"The broker refused the connection: {refusals[0]}.")
        if not acknowledged:
            raise DeliveryError(f"The broker did not acknowledge the message within {ACKNOWLEDGED_S:g} seconds.")
