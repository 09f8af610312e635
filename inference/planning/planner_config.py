"""Configuration of the language model that plans."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class PlannerConfig:
    """Without `model`, planning is offline. With `azure_api_version`, `base_url` is an Azure endpoint and `model` a deployment.
    Once the calls of a day have cost `daily_limit`, planning is offline until midnight.
    """

    base_url: str = ""
    api_key: str = field(default="", repr=False)  # a config may end up in a log or a traceback
    model: str = ""
    azure_api_version: str = ""
    price_in: float = 0.0  # per million tokens
    price_out: float = 0.0
    daily_limit: float = 0.0  # in the same currency; 0: no limit
    compose: bool = False  # let it write the answers to several questions as well
