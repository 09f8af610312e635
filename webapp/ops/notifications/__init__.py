"""Where notices go: one file for each channel, one list of them."""

from webapp.ops.notifications.channel import Channel
from webapp.ops.notifications.log import LogChannel
from webapp.ops.notifications.mail import MailChannel
from webapp.ops.notifications.mqtt.channel import MqttChannel
from webapp.ops.notifications.web_push.channel import PushChannel
from webapp.ops.notifications.webhook import WebhookChannel

CHANNELS: list[Channel] = [PushChannel(), MailChannel(), LogChannel(), WebhookChannel(), MqttChannel()]
