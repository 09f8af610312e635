"""What a tail does with packets that a head with the same models and code did not make: a sentence, never an answer."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from devices.contract import wire
from inference.engine import catalogue
from inference.engine.codecs.feature_code import PooledCode
from inference.engine.runner import Vision
from tests.bundled import SPLIT_AT

PROFILE = catalogue.profile("compact")
K = SPLIT_AT
LEVEL = PROFILE.code_levels("classify", K)[-1].level


@pytest.fixture(scope="module")
def packet(compact: Vision) -> bytes:
    return compact.run_head("classify", Image.new("RGB", (64, 64), "orange"), K, LEVEL)


def _refusal(compact: Vision, data: bytes) -> str:
    with pytest.raises(wire.WireError) as refused:
        compact.run_tail("classify", data, None)
    assert refused.value.message.endswith(".") and ";" in refused.value.message
    return refused.value.code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"tower": b"else"}, "wire_model"),
        ({"code": b"else"}, "wire_code"),
        ({"split_at": 99}, "wire_split"),
        ({"level": 0}, "wire_level"),
        ({"level": 200}, "wire_level"),
        ({"level": LEVEL - 1}, "wire_payload"),
        ({"payload": b""}, "wire_payload"),
    ],
)
def test_a_packet_of_other_making_is_refused(compact: Vision, packet: bytes, change: dict[str, object], code: str) -> None:
    other = wire.pack(replace(wire.unpack(packet), **change))  # type: ignore[arg-type]
    assert _refusal(compact, other) == code


def test_damage_on_the_way_is_refused(compact: Vision, packet: bytes) -> None:
    assert _refusal(compact, packet[:-1] + bytes([packet[-1] ^ 1])) == "wire_checksum"


def test_another_models_packet_is_refused(compact: Vision, small: Vision, image: Image.Image) -> None:
    assert _refusal(compact, small.run_head("classify", image, 1, 1)) == "wire_model"


def test_non_finite_numbers_are_refused() -> None:
    """A pooled packet carries its scales as half floats: infinity and NaN are possible bits."""
    from inference.engine.codecs.feature_code import CodecError

    code = PooledCode(17, 4)
    data = bytearray(code.encode(np.ones((17, 4), np.float32), 1))
    for bits in (b"\x7c\x00", b"\x7e\x00", b"\xfc\x00"):
        data[:2] = bits
        with pytest.raises(CodecError, match="non-finite"):
            code.decode(bytes(data), 1)


def test_tasks_on_one_tower_share_a_packet(compact: Vision, packet: bytes) -> None:
    """One upload serves every task, so a second question about the same photo sends nothing."""
    assert compact.run_head("vqa", Image.new("RGB", (64, 64), "orange"), K, LEVEL) == packet
    assert compact.run_tail("caption", packet, None).text and compact.run_tail("vqa", packet, "what colour is it?").text


@pytest.mark.parametrize(
    ("k", "level", "code"), [(99, 1, "wire_split"), (K, 0, "wire_level"), (K, LEVEL + 1, "wire_level"), (K, -1, "wire_level")]
)
def test_a_head_that_the_catalogue_does_not_offer_is_refused(
    compact: Vision, image: Image.Image, k: int, level: int, code: str
) -> None:
    with pytest.raises(wire.WireError) as refused:
        compact.run_head("classify", image, k, level)
    assert refused.value.code == code
