"""Wire format of features on the link: a short header and a payload, with one checksum over both.

Big-endian, 18 bytes before the payload:

    0  2s  magic "IS"           5  B   after, a lower level        14  I  CRC-32 of bytes 0…13 and the payload
    2  B   version              6  4s  tower digest
    3  B   split point k       10  4s  code digest
    4  B   level

The payload holds the bits of `level` that come after those of level `after`; 0: from the first one on. Its length is what is
left, the tower's digest stands for its shape: small packets cannot afford to say anything twice. The digests are prefixes of
SHA-256. They do not name the task: one upload serves every task that shares the tower. The checksum finds damage, not
malice; what a node may send is bounded by its own Redis user.
"""

import struct
import zlib
from dataclasses import dataclass

MAGIC, VERSION = b"IS", 2
DIGEST = 4  # bytes: enough to tell the few models apart that ever meet
HEADER = struct.Struct(">2sBBBB4s4sI")
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
    tower: bytes  # DIGEST
    code: bytes  # DIGEST
    payload: bytes
    after: int = 0  # the level whose bits the receiver already has


def pack(packet: Packet) -> bytes:
    if len(packet.payload) > MAX_PAYLOAD:
        raise WireError("wire_too_large", "These features exceed the maximum packet size; choose a lower level.")
    head = HEADER.pack(MAGIC, VERSION, packet.split_at, packet.level, packet.after, packet.tower, packet.code, 0)[:CHECKED]
    return head + struct.pack(">I", zlib.crc32(packet.payload, zlib.crc32(head))) + packet.payload


def unpack(data: bytes) -> Packet:
    """Raises WireError, and nothing else, for any bytes `pack` did not produce. Allocates no more than the input."""
    if len(data) < HEADER_BYTES:
        raise WireError("wire_too_short", "The packet is shorter than its header; send it again.")
    magic, version, k, level, after, tower, code, crc = HEADER.unpack_from(data)
    if magic != MAGIC:
        raise WireError("wire_not_ours", "These bytes are not an Isthmus packet; check the sender.")
    if version != VERSION:
        raise WireError("wire_version", f"The packet has format {version}, this node reads {VERSION}; update the older node.")
    if len(data) > HEADER_BYTES + MAX_PAYLOAD:
        raise WireError("wire_too_large", "The packet exceeds the maximum size; choose a lower level.")
    if zlib.crc32(data[HEADER_BYTES:], zlib.crc32(data[:CHECKED])) != crc:
        raise WireError("wire_checksum", "The packet was damaged or truncated in transit; send it again.")
    if after and after >= level:
        raise WireError("wire_after", f"Target level {level} must exceed base level {after}; send the packet again.")
    return Packet(k, level, tower, code, bytes(data[HEADER_BYTES:]), after)
