"""Selects the planner: a language model if one is configured, otherwise the offline planner. Both return a `Planned`."""

import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from inference.planning.compose import StepResult, Wording
from inference.planning.languages import multilingual
from inference.planning.llm.llm_calls import NoUsageLog, UsageLog
from inference.planning.llm.llm_composer import OnText
from inference.planning.offline import Context, plan_offline
from inference.planning.plan import Planned
from inference.planning.planner_config import PlannerConfig


class Planner(Protocol):
    def plan(self, question: str, context: Context) -> Planned:
        """The plan for a question. Raises for no input and no server failure; `note` says how it deviates from the
        configuration.
        """

    def compose(self, question: str, results: Sequence[StepResult], on_text: OnText) -> Wording:
        """The answer in words; `on_text` receives its sentences so far. Raises for no server failure."""


class OfflinePlanner:
    def __init__(self, note: str | None = None) -> None:
        self.note = note

    def plan(self, question: str, context: Context) -> Planned:
        return plan_offline(question, context, self.note, time.perf_counter())

    def compose(self, question: str, results: Sequence[StepResult], on_text: OnText) -> Wording:
        return Wording(multilingual.compose(question, results))


@lru_cache(maxsize=8)  # one client, and so one pool of connections, per configuration
def make_planner(config: PlannerConfig, book: UsageLog | None = None) -> Planner:
    if not config.model:
        return OfflinePlanner()
    if not (config.api_key.isascii() and config.api_key.isprintable()):
        return OfflinePlanner("The planner's key contains invalid characters; planned offline. Check ISTHMUS_PLANNER_KEY.")
    from inference.planning.llm.remote import LlmPlanner  # a second of imports that offline planning does not need

    try:
        return LlmPlanner(config, book or NoUsageLog())
    except ValueError:  # missing where Azure needs one, or malformed
        return OfflinePlanner("The planner's address is invalid; planned offline. Check ISTHMUS_PLANNER_URL.")
