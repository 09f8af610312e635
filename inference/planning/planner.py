"""Which planner is used: an LLM where one is configured, else the offline planner. Both give a `Planned`."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from inference.planning import offline
from inference.planning.compose import StepResult, compose
from inference.planning.llm.calls import Book, NoBook
from inference.planning.llm.composer import OnText
from inference.planning.offline import Context
from inference.planning.plan import Planned

TIMEOUT_S = 8.0  # for everything an LLM is asked about one question; planning offline takes a millisecond


@dataclass(frozen=True)
class PlannerConfig:
    """Without `model` planning is offline. `azure_api_version` makes `base_url` an Azure endpoint and `model` a deployment.
    When the calls of a day have cost `daily_limit`, planning is offline until midnight."""

    base_url: str = ""
    api_key: str = field(default="", repr=False)  # a config may end up in a log or a traceback
    model: str = ""
    azure_api_version: str = ""
    price_in: float = 0.0  # for a million tokens
    price_out: float = 0.0
    daily_limit: float = 0.0  # in the same currency; 0: none
    compose: bool = False  # have it word the answers to several questions too


class Planner(Protocol):
    def plan(self, question: str, context: Context) -> Planned:
        """Never raises for what a question or a server may do; `note` says what went otherwise than configured."""

    def compose(self, question: str, results: Sequence[StepResult], on_text: OnText) -> str:
        """The answer in words; `on_text` gets what there is of it so far. Never raises for what a server may do."""


class OfflinePlanner:
    def __init__(self, note: str | None = None) -> None:
        self.note = note

    def plan(self, question: str, context: Context) -> Planned:
        return plan_offline(question, context, self.note, time.perf_counter())

    def compose(self, question: str, results: Sequence[StepResult], on_text: OnText) -> str:
        return compose(question, results)


def plan_offline(question: str, context: Context, note: str | None, started: float) -> Planned:
    """`started` as time.perf_counter() gave it, so that what was tried before counts."""
    plan = offline.plan(question, context)
    return Planned(plan, "offline", None, note, (time.perf_counter() - started) * 1000)


@lru_cache(maxsize=8)  # one client, and so one pool of connections, per configuration
def make_planner(config: PlannerConfig, timeout_s: float = TIMEOUT_S, book: Book | None = None) -> Planner:
    if not config.model:
        return OfflinePlanner()
    if not (config.api_key.isascii() and config.api_key.isprintable()):
        return OfflinePlanner("The planner's key holds characters no key has; planned offline. Check ISTHMUS_PLANNER_KEY.")
    from inference.planning.llm.remote import LlmPlanner  # a second of imports that planning offline does not need

    try:
        return LlmPlanner(config, timeout_s, book or NoBook())
    except ValueError:  # no address at all, where Azure needs one, or one that cannot be an address
        return OfflinePlanner("The planner's address cannot be used; planned offline. Check ISTHMUS_PLANNER_URL.")
