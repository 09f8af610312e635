"""The broker that ISTHMUS_MQTT_URL names, and clients of it."""

import ssl
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt
from django.conf import settings
from django.utils.translation import gettext_noop
from paho.mqtt.enums import CallbackAPIVersion

PORTS = {"mqtt": 1883, "mqtts": 8883}
CONNECT_S = 5.0
KEEP_ALIVE_S = 30
NOT_SET = gettext_noop("No broker is set: ISTHMUS_MQTT_URL.")
INVALID = gettext_noop("ISTHMUS_MQTT_URL must look like mqtt://user@host:1883 or mqtts://host.")
UNREADABLE_CA = gettext_noop("ISTHMUS_MQTT_CA holds no certificate in PEM.")


@dataclass(frozen=True)
class Broker:
    host: str
    port: int
    tls: bool
    user: str
    password: str


def broker() -> Broker:
    """Raises ValueError with a sentence for people."""
    if not settings.MQTT_URL:
        raise ValueError(NOT_SET)
    parts = urlsplit(settings.MQTT_URL)
    try:
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise ValueError(INVALID) from None
    if not parts.hostname:
        raise ValueError(INVALID)
    password = settings.MQTT_PASSWORD or unquote(parts.password or "")
    return Broker(parts.hostname, port, parts.scheme == "mqtts", unquote(parts.username or ""), password)


def obstacle() -> str:
    """Why there is no broker, a sentence for people; empty if there is one."""
    try:
        broker()
        _tls()
    except ValueError as error:
        return str(error)
    return ""


def client(name: str, *, reconnect: bool) -> tuple[mqtt.Client, Broker]:
    """Not connected yet. `name` must differ from that of every other client of this broker. Raises ValueError."""
    to = broker()
    made = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, reconnect_on_failure=reconnect)
    made.connect_timeout = CONNECT_S
    if to.user:
        made.username_pw_set(to.user, to.password or None)
    if to.tls:
        made.tls_set_context(_tls())
    return made, to


def _tls() -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=settings.MQTT_CA or None)
    except (ValueError, ssl.SSLError) as error:
        raise ValueError(UNREADABLE_CA) from error
