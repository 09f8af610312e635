"""Whether a specification that is valid field by field can be trained at all. No torch: the form asks with every keystroke."""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from federation.app.datasets import registry as datasets
from federation.app.strategies import registry as strategies
from federation.runs import cost

if TYPE_CHECKING:
    from federation.runs.spec import RunSpec

DRAWS = 11  # of Flower's Dirichlet partitioner, before it gives up


def problems(spec: "RunSpec") -> dict[str, str]:
    """One sentence for each field that would have to be another."""
    return {**_split(spec), **_deadline(spec), **_privacy(spec)}


def _split(spec: "RunSpec") -> dict[str, str]:
    dataset = datasets.by_name(spec.dataset)
    if spec.partition != "dirichlet" or not dataset.class_sizes:
        return {}
    if splits(dataset.class_sizes, spec.clients, spec.alpha, spec.seed):
        return {}
    sentence = (
        f"{dataset.label} cannot be split so unevenly (alpha {spec.alpha:g}) over {spec.clients} clients: some would have"
    )
    return {"alpha": f"{sentence} almost no examples. Choose a larger alpha, fewer clients, or another seed."}


@lru_cache(maxsize=256)
def splits(class_sizes: tuple[int, ...], clients: int, alpha: float, seed: int) -> bool:
    """Whether one of the draws leaves every client with enough examples. These are the draws of Flower's partitioner."""
    if clients == 1:
        return True
    least = min(10, sum(class_sizes) // (4 * clients))  # as federation.app.data asks of it
    generator = np.random.default_rng(seed)
    for _ in range(DRAWS):
        counts = np.zeros(clients, np.int64)
        for size in class_sizes:
            ends = (np.cumsum(generator.dirichlet(np.full(clients, alpha))) * size).astype(np.int64)
            ends[-1] = size
            counts += np.diff(ends, prepend=0)
        if counts.min() >= least:
            return True
    return False


def _deadline(spec: "RunSpec") -> dict[str, str]:
    seconds = cost.link_seconds(spec, spec.uplink_bytes_per_s, spec.downlink_bytes_per_s)
    if seconds <= spec.round_deadline_s:
        return {}
    return {"round_deadline_s": too_short(spec, seconds, f"a link of {spec.uplink_bytes_per_s / 1000:,.0f} KB/s up")}


def too_short(spec: "RunSpec", seconds: float, link: str) -> str:
    up, down = cost.message_bytes(spec)
    return (
        f"A round sends {_size(up)} up and {_size(down)} down for each client: {seconds:,.0f} s over {link}, more than the "
        f"deadline of {spec.round_deadline_s:g} s. Choose a longer deadline or fewer bits."
    )


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1_000_000 else f"{count / 1e3:.0f} KB"


def _privacy(spec: "RunSpec") -> dict[str, str]:
    """Epsilon can be computed where what is released is the sum of clipped updates and of noise, or follows from it."""
    if spec.privacy is None:
        return {}
    strategy = strategies.by_name(spec.strategy)
    if spec.privacy.noise_multiplier <= 0:
        return {"privacy.noise_multiplier": "Without noise there is no bound on epsilon; choose a noise multiplier above 0."}
    if strategy.compares_updates:
        sentence = f"{strategy.label} chooses among updates instead of adding them, so the privacy budget cannot be computed;"
        return {"strategy": f"{sentence} choose another strategy, or no differential privacy."}
    return {}
