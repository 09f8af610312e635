"""Readings by MQTT are in the units that their keys and Home Assistant's discovery say."""

from devices.contract.sensors import SENSORS
from webapp.ops.notifications.mqtt import discovery

UNITS_OF_KEYS = {"percent": "%", "mb": "MiB", "c": "°C", "w": "W"}  # a heartbeat's mb are of 1,048,576 bytes
# Of Home Assistant's sensor device classes (homeassistant/components/sensor/const.py, DEVICE_CLASS_UNITS).
UNITS_OF_CLASSES = {
    "data_size": ("B", "kB", "MB", "GB", "KiB", "MiB", "GiB"),
    "temperature": ("°C", "°F", "K"),
    "power": ("W", "kW"),
}


def test_every_reading_is_in_the_unit_of_its_key_which_home_assistant_knows_for_its_class() -> None:
    view = discovery.NodeView("jetson-a", "Kitchen", "device", "online", {sensor.name: 60.0 for sensor in SENSORS})
    topics = discovery.Topics("isthmus", "homeassistant")
    config = discovery.node_config(topics, view, SENSORS, "http://server")
    state = discovery.node_state(view, SENSORS)
    for sensor in SENSORS:
        entity = config["components"][sensor.name]
        assert state[sensor.name] == 60.0 and entity["unit_of_measurement"] == UNITS_OF_KEYS[sensor.name.rpartition("_")[2]]
        if known := UNITS_OF_CLASSES.get(entity.get("device_class", "")):
            assert {entity["unit_of_measurement"], entity.get("suggested_unit_of_measurement", known[0])} <= {*known}
