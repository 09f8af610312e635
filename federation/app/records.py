"""Values out of Flower's records, checked by type: a record comes from another machine. Each raises KeyError or ValueError."""

from typing import TypeVar

from flwr.app import ConfigRecord, Message

Value = TypeVar("Value")
# What a record may hold. Flower 1.30, the newest for Python 3.10, has these under another name than later versions.
MetricValue = int | float | list[int] | list[float]
ConfigValue = MetricValue | str | bytes | bool | list[str] | list[bytes] | list[bool]


def record_of(message: Message, name: str) -> ConfigRecord:
    return message.content.config_records[name]


def value_of(record: ConfigRecord, name: str, kind: type[Value]) -> Value:
    value = record[name]
    if isinstance(value, kind):
        return value
    raise ValueError(f"its field {name} has the wrong type.")


def number_of(record: ConfigRecord, name: str) -> float:
    """Of a whole number too."""
    value = record[name]
    if isinstance(value, int | float):
        return float(value)
    raise ValueError(f"its field {name} is not a number.")


def list_of(record: ConfigRecord, name: str, kind: type[Value]) -> list[Value]:
    values = value_of(record, name, list)
    checked = [value for value in values if isinstance(value, kind)]
    if len(checked) != len(values):
        raise ValueError(f"its field {name} has the wrong type.")
    return checked


def pairs_of(record: ConfigRecord, keys: str, values: str) -> dict[int, bytes]:
    """Two lists of equal length as one mapping."""
    return dict(zip(list_of(record, keys, int), list_of(record, values, bytes), strict=True))
