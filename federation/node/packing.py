"""Flower messages as bytes, by Flower's own protocol buffers: nothing that comes from another machine is ever unpickled. No
Django.
"""

from flwr.app import Message, RecordDict
from flwr.common.serde import message_from_proto, message_to_proto, recorddict_from_proto, recorddict_to_proto
from flwr.proto.message_pb2 import Message as ProtoMessage
from flwr.proto.recorddict_pb2 import RecordDict as ProtoRecordDict
from google.protobuf.message import DecodeError

MOST_BYTES = 256 * 1024 * 1024


class BadMessage(ValueError):
    """Bytes that are no message; the text is one sentence."""


def pack(message: Message) -> bytes:
    return _bounded(message_to_proto(message).SerializeToString())


def unpack(data: bytes) -> Message:
    proto = ProtoMessage()
    try:
        proto.ParseFromString(_bounded(data))
        return message_from_proto(proto)
    except (DecodeError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadMessage("The message is damaged, or of another version of Flower.") from error


def pack_state(state: RecordDict) -> bytes:
    return _bounded(recorddict_to_proto(state).SerializeToString())


def unpack_state(data: bytes) -> RecordDict:
    proto = ProtoRecordDict()
    try:
        proto.ParseFromString(data)
        return recorddict_from_proto(proto)
    except (DecodeError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadMessage("The kept state is damaged.") from error


def _bounded(data: bytes) -> bytes:
    if len(data) > MOST_BYTES:
        raise BadMessage(f"The message has {len(data) // 1_000_000} MB; {MOST_BYTES // 1_000_000} MB is the most.")
    return data
