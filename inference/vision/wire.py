"""The bytes on the link: one header, one payload, one checksum over both. Refuses whatever it does not know.

Big-endian, 36 bytes before the payload:

    0  4s  magic "ISTH"         8  H   tokens            28  I  payload bytes
    4  B   version             10  H   width             32  I  CRC-32 of bytes 0…31 and the payload
    5  B   split point k       12  8s  tower digest
    6  B   level               20  8s  code digest
    7  B   0

The digests are prefixes of SHA-256. They do not name the task: one upload serves every task that shares the tower.
The checksum finds damage, not malice; what a node may send is bounded by its own Redis user.
"""

import struct
import zlib
from dataclasses import dataclass

MAGIC, VERSION = b"ISTH", 1
HEADER = struct.Struct(">4sBBBBHH8s8sII")
HEADER_BYTES = HEADER.size
MAX_PAYLOAD = 4 * 1024 * 1024  # more than uncompressed features of the largest model in int8; nothing larger is read
CHECKED = HEADER_BYTES - 4


class WireError(Exception):
    """`code` is stable and for programs, the message is one sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True)
class Packet:
    split_at: int
    level: int
    tokens: int
    width: int
    tower: bytes  # 8
    code: bytes  # 8
    payload: bytes


def pack(packet: Packet) -> bytes:
    if len(packet.payload) > MAX_PAYLOAD:
        raise WireError("wire_too_large", "These features are larger than a packet may be; choose a lower level.")
    head = HEADER.pack(
        MAGIC, VERSION, packet.split_at, packet.level, 0, packet.tokens, packet.width,
        packet.tower, packet.code, len(packet.payload), 0,
    )[:CHECKED]  # fmt: skip
    return head + struct.pack(">I", zlib.crc32(packet.payload, zlib.crc32(head))) + packet.payload


def unpack(data: bytes) -> Packet:
    """Raises WireError, and nothing else, for any bytes that `pack` did not make. Allocates no more than it was given."""
    if len(data) < HEADER_BYTES:
        raise WireError("wire_too_short", "The packet ends before its header does; send it again.")
    magic, version, k, level, zero, tokens, width, tower, code, length, crc = HEADER.unpack_from(data)
    if magic != MAGIC:
        raise WireError("wire_not_ours", "These bytes are not an Isthmus packet; check what the device sent.")
    if version != VERSION or zero:
        raise WireError("wire_version", f"The packet has format {version}, this node reads {VERSION}; update the older node.")
    if length > MAX_PAYLOAD:
        raise WireError("wire_too_large", "The packet claims more bytes than a packet may have; choose a lower level.")
    if len(data) != HEADER_BYTES + length:
        raise WireError("wire_length", "The packet is shorter or longer than its header says; send it again.")
    payload = bytes(data[HEADER_BYTES:])
    if zlib.crc32(payload, zlib.crc32(data[:CHECKED])) != crc:
        raise WireError("wire_checksum", "The packet was damaged on the way; send it again.")
    return Packet(k, level, tokens, width, tower, code, payload)
