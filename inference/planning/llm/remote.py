"""Planning by a language model over chat completions: OpenAI, Azure OpenAI, or any compatible server.

One answer, one repair with the error text, then the offline planner. Everything happens within one deadline, and nothing in an
answer is used before `Plan` has validated it. No log line or note repeats what a server sent.
"""

import logging
import time
from collections.abc import Sequence

from inference.planning.certain import plan_certain
from inference.planning.compose import StepResult, Wording
from inference.planning.languages import multilingual
from inference.planning.llm import llm_composer, prompt
from inference.planning.llm.chat import Chat, Messages
from inference.planning.llm.failures import BadPlan, Failure, Ungrounded
from inference.planning.llm.llm_calls import Breaker, UsageLog
from inference.planning.llm.llm_composer import OnText
from inference.planning.offline import Context, plan_offline
from inference.planning.plan import Plan, Planned
from inference.planning.planner_config import PlannerConfig
from inference.planning.rules.asides import remark_on

log = logging.getLogger(__name__)
COMPOSE_SHARE = 0.75  # of the time for a plan; a page already shows the answers that are worded meanwhile
RESTING = "The planner failed several times in a row and is paused; planned offline."
SPENT = "The planner's daily budget is spent; planned offline."
ALLOWANCE_USED = "Your allowance of the planner is used up this month; planned offline."
REPAIRED = "The planner's first answer was not a valid plan; its corrected one was."


class LlmPlanner:
    """Safe to use from several threads."""

    def __init__(self, config: PlannerConfig, book: UsageLog) -> None:
        self.config, self.book, self.breaker = config, book, Breaker()
        self.chat = Chat(config, book)

    def plan(self, question: str, context: Context) -> Planned:
        started = time.perf_counter()
        if self.config.skip_certain and (certain := plan_certain(question, context, started)):
            return certain
        if closed := self._closed():
            return plan_offline(question, context, closed, started)
        try:
            plan, note = self._plan(question, context, time.monotonic() + self.config.timeout_s)
        except Failure as failure:
            self.breaker.failed()
            note = failure.note.format(timeout_s=self.config.timeout_s, max_tokens=self.config.max_tokens)
            log.warning("%s", note)
            return plan_offline(question, context, note, started)
        self.breaker.worked()
        return Planned(plan, "llm", self.config.model, note, (time.perf_counter() - started) * 1000, remark_on(question))

    def compose(self, question: str, results: Sequence[StepResult], on_text: OnText) -> Wording:
        """The model's wording if it states exactly what the answers state, otherwise the template. Not in other languages than
        English, in which the answers are: whether a wording states them could not be checked."""
        ours = multilingual.compose(question, results)
        is_wanted = self.config.compose and llm_composer.wanted(results) and not multilingual.of(question)
        if not is_wanted or self._closed():
            return Wording(ours)
        try:
            wording = self._worded(question, results, on_text, time.monotonic() + COMPOSE_SHARE * self.config.timeout_s)
        except Failure as failure:
            self.breaker.failed()
            log.warning("LLM composition failed; used the template answer: %s", failure.outcome)
            return Wording(ours, llm_composer.OWN_WORDS if isinstance(failure, Ungrounded) else "")
        self.breaker.worked()
        return wording

    def _worded(self, question: str, results: Sequence[StepResult], on_text: OnText, deadline: float) -> Wording:
        """Raises Failure: Ungrounded where the corrected wording does not fit the answers either, or did not come."""

        def read(text: str) -> str:
            if problems := llm_composer.problems(text, question, results):
                raise Ungrounded(problems, text)
            return text

        def stream(correction: Messages, success: str) -> str:
            checked = llm_composer.Checked(question, results, on_text)
            messages = [*llm_composer.messages(question, results), *correction]
            return self.chat.stream(messages, deadline, checked.show, read, success)

        try:
            return Wording(stream([], "ok"))
        except Ungrounded as error:
            try:
                return Wording(stream(llm_composer.repair(error), "repaired"), llm_composer.REWORDED)
            except Failure:
                raise error from None

    def _closed(self) -> str | None:
        """The reason not to call the model now, or None."""
        if not self.breaker.closed():
            return RESTING
        limit = self.config.daily_limit
        if limit and self.book.spent_today() >= limit:
            return SPENT
        return None if self.book.has_allowance() else ALLOWANCE_USED

    def _plan(self, question: str, context: Context, deadline: float) -> tuple[Plan, str | None]:
        def read(answer: str) -> Plan:
            plan = prompt.read(answer, context)
            if not plan.steps:
                prompt.check_nothing_to_do(answer, plan_offline(question, context, None, time.perf_counter()).plan)
            return plan

        messages = prompt.messages(question, context)
        try:
            return self.chat.plan(messages, deadline, read, "ok"), None
        except BadPlan as error:
            return self.chat.plan([*messages, *prompt.repair(error)], deadline, read, "repaired"), REPAIRED
