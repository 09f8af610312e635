"""A drafted training run in words: what the request named, and with which words."""

from inference.planning.training.tables import Draft, Value

WORDS = {
    "dataset": "data set {}",
    "classes": "the classes {}",
    "model": "model {}",
    "clients": "{} clients",
    "rounds": "{} rounds",
    "local_epochs": "{} local epochs",
    "batch_size": "batch size {}",
    "learning_rate": "learning rate {}",
    "partition": "{} partition",
    "alpha": "alpha {}",
    "strategy": "{}",
    "bits": "{} bits for each value",
    "seed": "seed {}",
    "quorum": "a quorum of {}",
    "round_deadline_s": "{} s for each round",
    "wall_clock_s": "{} s in all",
    "uplink_bytes_per_s": "uplink {} B/s",
    "downlink_bytes_per_s": "downlink {} B/s",
    "noise_multiplier": "noise multiplier {}",
    "clip": "clipping at {}",
}
CHOSEN = {
    ("compression", "sketch"): "compressed updates",
    ("compression", "none"): "no compression",
    ("secure_aggregation", True): "secure aggregation",
    ("secure_aggregation", False): "no secure aggregation",
    ("privacy", True): "differential privacy",
    ("privacy", False): "no differential privacy",
}


def sentence(draft: Draft) -> str:
    fields = [f"{_field_text(name, field.value)} (“{field.words}”)" for name, field in draft.named.items()]
    first = (
        f"A training run is drafted: {', '.join(fields)}; the rest are defaults."
        if fields
        else "A training run is drafted with all defaults."
    )
    return " ".join([first, *draft.notes, "Nothing starts before you start it."])


def _field_text(name: str, value: Value) -> str:
    if isinstance(value, list):
        return WORDS[name].format(", ".join(value))
    if (name, value) in CHOSEN:
        return CHOSEN[name, value]
    return WORDS[name].format(f"{value:g}" if isinstance(value, float) else value)
