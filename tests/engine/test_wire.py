"""The bytes on the link: what was packed comes back, anything else is refused by name. Mutations are in tests/fuzz."""

import struct
import zlib
from dataclasses import replace

import pytest

from devices.contract import wire
from devices.contract.wire import Packet, WireError, pack, unpack

PACKET = Packet(3, 2, b"towe", b"code", b"payload")


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


def test_the_header_is_18_bytes() -> None:
    assert len(pack(PACKET)) == wire.HEADER_BYTES + len(PACKET.payload) == 18 + 7


def test_a_packet_may_hold_what_comes_after_a_lower_level() -> None:
    assert unpack(pack(replace(PACKET, after=1))) == replace(PACKET, after=1)


def test_an_empty_payload_is_a_packet() -> None:
    empty = Packet(0, 1, bytes(4), bytes(4), b"")
    assert unpack(pack(empty)) == empty


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "wire_too_short"),
        (pack(PACKET)[:17], "wire_too_short"),
        (b"JF" + pack(PACKET)[2:], "wire_not_ours"),
        (_forged(2, b"\x01"), "wire_version"),
        (_forged(5, b"\x02"), "wire_after"),
        (_forged(5, b"\x03"), "wire_after"),
        (pack(PACKET)[:-1], "wire_checksum"),
        (pack(PACKET) + b"x", "wire_checksum"),
        (pack(PACKET) + bytes(wire.MAX_PAYLOAD), "wire_too_large"),
        (pack(PACKET)[:-1] + b"D", "wire_checksum"),
        (pack(PACKET)[:4] + b"\x04" + pack(PACKET)[5:], "wire_checksum"),
    ],
)
def test_each_fault_has_its_own_code(data: bytes, code: str) -> None:
    assert _code(data) == code


def test_more_than_a_packet_may_hold_is_not_packed() -> None:
    with pytest.raises(WireError) as refused:
        pack(Packet(0, 1, bytes(4), bytes(4), bytes(wire.MAX_PAYLOAD + 1)))
    assert refused.value.code == "wire_too_large"
    assert len(unpack(pack(Packet(0, 1, bytes(4), bytes(4), bytes(wire.MAX_PAYLOAD)))).payload) == wire.MAX_PAYLOAD


def test_the_largest_model_fits_into_a_packet() -> None:
    from inference.engine import catalogue

    for profile in map(catalogue.profile, catalogue.PROFILES):
        for task in profile.tasks:
            for k in profile.split_points(task):
                assert profile.code_levels(task, k)[-1].bytes <= wire.HEADER_BYTES + wire.MAX_PAYLOAD
