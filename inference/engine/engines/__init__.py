"""The engines that can compute a profile: one file and one line in ENGINES for each. Nothing heavy is imported before
`load`.
"""

from importlib.util import find_spec

from inference.engine.catalogue import Profile
from inference.engine.engines.engine import Engine, EngineType


class NoEngine(Exception):
    """One sentence with the remedy."""


def _load_torch(profile: Profile, threads: int | None) -> Engine:
    from inference.engine.engines.torch_engine import TorchEngine

    return TorchEngine(profile, threads=threads)


def _torch_is_here() -> bool:
    return find_spec("torch") is not None and find_spec("transformers") is not None


# Best first.
ENGINES: list[EngineType] = [
    EngineType("torch", _torch_is_here, _load_torch),
]


def best() -> EngineType:
    """The first engine of the list that can run on this machine. Raises NoEngine."""
    for engine in ENGINES:
        if engine.available():
            return engine
    names = ", ".join(engine.name for engine in ENGINES)
    raise NoEngine(f"None of the engines ({names}) can run on this machine; install the packages of one of them.")


def load(profile: Profile, threads: int | None = None) -> Engine:
    """The profile on the best engine. Raises NoEngine or ModelsMissing."""
    return best().load(profile, threads)
