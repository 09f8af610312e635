"""Settings of notifications, from the environment."""

from webapp import env

NOTICE_DAYS = env.integer("ISTHMUS_NOTICE_DAYS", 30)  # that notices and their deliveries are stored
FLAP_QUIET_S = env.number("ISTHMUS_FLAP_QUIET_S", 600)  # at most one notice of a node and direction in this time
DISK_LOW_PERCENT = env.number("ISTHMUS_DISK_LOW_PERCENT", 10)  # free, of the disk with VAR_DIR
WEBHOOK_URL = env.text("ISTHMUS_WEBHOOK_URL")  # receives a POST of every notice
WEBHOOK_SECRET = env.text("ISTHMUS_WEBHOOK_SECRET")
MQTT_URL = env.text("ISTHMUS_MQTT_URL")  # mqtt://user@host:1883, mqtts:// over TLS
MQTT_PASSWORD = env.text("ISTHMUS_MQTT_PASSWORD")
MQTT_CA = env.text("ISTHMUS_MQTT_CA")  # PEM of the authority behind mqtts://, where systems do not trust it
MQTT_TOPIC = env.text("ISTHMUS_MQTT_TOPIC", "isthmus")  # one for each installation at a broker
MQTT_DISCOVERY = env.text("ISTHMUS_MQTT_DISCOVERY", "homeassistant")
# Whom push messages may be sent to: a browser names the address, and the server must not call just anything. A leading dot
# stands for every host below.
PUSH_HOSTS = env.text_list(
    "ISTHMUS_PUSH_HOSTS", "fcm.googleapis.com,.push.services.mozilla.com,.notify.windows.com,.push.apple.com"
)
