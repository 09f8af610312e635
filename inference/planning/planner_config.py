"""Configuration of the language model that plans."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class PlannerConfig:
    """Without `model`, planning is offline. With `azure_api_version`, `base_url` is an Azure endpoint and `model` a deployment.
    Once the calls of a day have cost `daily_limit`, planning is offline until midnight. Hashable: one planner serves one
    configuration.
    """

    base_url: str = ""
    api_key: str = field(default="", repr=False)  # a config may end up in a log or a traceback
    model: str = ""
    azure_api_version: str = ""
    price_in: float = 0.0  # per million tokens
    price_out: float = 0.0
    daily_limit: float = 0.0  # in the same currency; 0: no limit
    compose: bool = False  # let it write the answers to several questions as well
    timeout_s: float = 8.0  # for all calls about one question; planning offline takes a millisecond
    max_tokens: int = 2048  # of one answer, with the thoughts of a model that thinks; a plan of six steps needs about 1000
    skip_certain: bool = False  # do not ask it where the rules are certain (inference/planning/certain.py)
