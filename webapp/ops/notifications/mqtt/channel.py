"""Each notice as one message to the topic of events, acknowledged by the broker (QoS 1)."""

import json
import os
import queue
import secrets

from django.conf import settings
from django.utils.translation import gettext_noop
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
        answers: queue.Queue[ReasonCode] = queue.Queue()
        client, to = broker.client(f"isthmus-{os.getpid()}-{secrets.token_hex(4)}", reconnect=False)
        client.on_connect = lambda client, userdata, flags, reason, properties: answers.put(reason)
        try:
            client.connect(to.host, to.port, broker.KEEP_ALIVE_S)
            client.loop_start()
            if (answer := answers.get(timeout=broker.CONNECT_S)).is_failure:
                raise DeliveryError(f"The broker refused the connection: {answer}.")
            sending = client.publish(topics().event, body, qos=1)
            sending.wait_for_publish(ACKNOWLEDGED_S)
            acknowledged = sending.is_published()
        except queue.Empty as error:
            raise DeliveryError(f"The broker did not answer within {broker.CONNECT_S:g} seconds.") from error
        except (OSError, ValueError, RuntimeError) as error:
            raise DeliveryError(f"{type(error).__name__}: {error}".rstrip(": ")) from error
        finally:
            client.disconnect()
            client.loop_stop()
        if not acknowledged:
            raise DeliveryError(f"The broker did not acknowledge the message within {ACKNOWLEDGED_S:g} seconds.")
