"""The codes that client and server agree on before a run, for either direction."""

from typing import NamedTuple

from federation.app.compression.entropy import EntropyCode, split_bits
from federation.app.compression.flat_parameters import Layout
from federation.app.compression.modular_quantiser import UNCOMPRESSED_BITS, ModularQuantiser
from federation.app.train_config import TrainConfig


class Codes(NamedTuple):
    up: EntropyCode
    down: EntropyCode


def codes_of(config: TrainConfig, layout: Layout) -> Codes | None:
    """None without compression. Under masks the modular quantiser replaces `up`, and `down` has as many bits as it."""
    if config.compression == "none":
        return None
    masked = config.bits * config.share
    up, down = (masked, masked) if config.masks else split_bits(config.bits)
    return Codes(EntropyCode(layout, up), EntropyCode(layout, down))


def quantiser_of(config: TrainConfig, layout: Layout) -> ModularQuantiser | None:
    """For updates under masks, which are whole numbers even without compression: then of 32 bits. None without masks."""
    if not config.masks:
        return None
    bits, share = (int(config.bits), config.share) if config.compression != "none" else (UNCOMPRESSED_BITS, 1.0)
    _, clients, _, seed = config.partitioning
    return ModularQuantiser.agreed(layout, bits, share, seed, clients)
