"""Where news about nodes goes: one file for each channel, one list of them."""

from webapp.ops.notifications.channel import Channel
from webapp.ops.notifications.log import LogChannel
from webapp.ops.notifications.webhook import WebhookChannel

CHANNELS: list[Channel] = [LogChannel(), WebhookChannel()]
