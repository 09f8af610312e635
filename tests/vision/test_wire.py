"""The bytes on the link: what was packed comes back, anything else is refused by name. Mutations are in tests/fuzz."""

import struct
import zlib

import pytest

from inference.vision import wire
from inference.vision.wire import Packet, WireError, pack, unpack

PACKET = Packet(3, 2, 65, 192, b"towertow", b"codecode", b"payload")


def _code(data: bytes) -> str:
    with pytest.raises(WireError) as refused:
        unpack(data)
    message = refused.value.message
    assert message.endswith(".") and message.count(". ") == 0 and (";" in message)  # one sentence: what is wrong; what to do
    return refused.value.code


def _forged(at: int, new: bytes, payload: bytes = b"payload") -> bytes:
    """A packet with a changed header field and a checksum that fits it."""
    head = bytearray(pack(PACKET)[: wire.CHECKED])
    head[at : at + len(new)] = new
    return bytes(head) + struct.pack(">I", zlib.crc32(payload, zlib.crc32(head))) + payload


def test_what_was_packed_comes_back() -> None:
    assert unpack(pack(PACKET)) == PACKET


def test_the_header_is_36_bytes() -> None:
    assert len(pack(PACKET)) == wire.HEADER_BYTES + len(PACKET.payload) == 36 + 7


def test_an_empty_payload_is_a_packet() -> None:
    empty = Packet(0, 1, 2, 1, bytes(8), bytes(8), b"")
    assert unpack(pack(empty)) == empty


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "wire_too_short"),
        (pack(PACKET)[:35], "wire_too_short"),
        (b"JFIF" + pack(PACKET)[4:], "wire_not_ours"),
        (_forged(4, b"\x02"), "wire_version"),
        (_forged(7, b"\x01"), "wire_version"),
        (pack(PACKET)[:-1], "wire_length"),
        (pack(PACKET) + b"x", "wire_length"),
        (_forged(28, struct.pack(">I", 0xFFFFFFFF)), "wire_too_large"),
        (_forged(28, struct.pack(">I", 8)), "wire_length"),
        (pack(PACKET)[:-1] + b"D", "wire_checksum"),
        (pack(PACKET)[:5] + b"\x04" + pack(PACKET)[6:], "wire_checksum"),
    ],
)
def test_each_fault_has_its_own_code(data: bytes, code: str) -> None:
    assert _code(data) == code


def test_more_than_a_packet_may_hold_is_not_packed() -> None:
    with pytest.raises(WireError) as refused:
        pack(Packet(0, 1, 65, 192, bytes(8), bytes(8), bytes(wire.MAX_PAYLOAD + 1)))
    assert refused.value.code == "wire_too_large"
    assert len(unpack(pack(Packet(0, 1, 65, 192, bytes(8), bytes(8), bytes(wire.MAX_PAYLOAD)))).payload) == wire.MAX_PAYLOAD


def test_the_largest_model_fits_into_a_packet() -> None:
    from inference.vision import catalogue

    for profile in map(catalogue.profile, catalogue.PROFILES):
        for task in profile.tasks:
            for k in profile.split_points(task):
                assert profile.code_levels(task, k)[-1].bytes <= wire.HEADER_BYTES + wire.MAX_PAYLOAD
