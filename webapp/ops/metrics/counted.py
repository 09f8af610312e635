"""The metrics that are counted as things happen. Each is a value in COUNTED; docs/monitoring.md explains it to people."""

from collections.abc import Iterable
from itertools import product

from django.conf import settings

from federation.models import CLIENT_STATES
from inference.engine import tasks
from inference.models import FINAL
from inference.placement import routes
from inference.placement.regret import RULES
from webapp.live.publish import OUTCOMES
from webapp.ops.metrics.metric import Labels, Metric
from webapp.ops.metrics.requests import AREAS, SOCKETS

SECONDS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 60.0)
SHORT_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LONG_S = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
RATIOS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.0, 5.0)
BACKGROUND = ("no", "yes")
PARTS = ("queue", "device", "uplink", "edge", "overhead")
REUSED = "reused"  # of a step that was answered with an earlier answer
NO_ROUTE = "none"  # of a step that failed before there was one, or that needs none


def _single(values: Iterable[str]) -> list[Labels]:
    return [(value,) for value in values]


def _model() -> list[str]:
    """The one that is configured."""
    return [settings.PLANNER["model"]] if settings.PLANNER["model"] else []


def _steps() -> Iterable[Labels]:
    answered = product(tasks.names(), (*routes.names(), REUSED), ("answered",))
    return [*answered, *product(tasks.names(), (NO_ROUTE,), ("failed",))]


QUESTIONS = Metric(
    "isthmus_questions_total", "counter", "Questions that ended, by outcome.", ("outcome", "background"),
    always=lambda: product(FINAL, BACKGROUND),
)  # fmt: skip
QUESTION_ERRORS = Metric(
    "isthmus_question_errors_total", "counter", "Questions that failed, by the code of the error.", ("code",)
)
QUESTION_SECONDS = Metric(
    "isthmus_question_seconds", "histogram", "From the moment of asking until the answer, of answered questions.",
    ("background",), SECONDS, lambda: _single(BACKGROUND),
)  # fmt: skip
QUESTION_WAIT = Metric(
    "isthmus_question_wait_seconds", "histogram", "From the moment of asking until a worker started on the question.",
    ("background",), SHORT_S, lambda: _single(BACKGROUND),
)  # fmt: skip
PLANS = Metric(
    "isthmus_plans_total", "counter", "Plans of ended questions, by what made them.", ("planner",),
    always=lambda: _single(("offline", "llm")),
)  # fmt: skip
STEPS = Metric(
    "isthmus_steps_total", "counter", "Steps of questions that ended, by task, route and outcome.",
    ("task", "route", "outcome"), always=_steps,
)  # fmt: skip
STEP_SECONDS = Metric(
    "isthmus_step_seconds", "histogram", "What an answered step took in all.", ("task", "route"), SECONDS,
    lambda: product(tasks.names(), routes.names()),
)  # fmt: skip
PART_SECONDS = Metric(
    "isthmus_step_part_seconds", "histogram", "What each part of an answered step took.", ("part", "route"), SECONDS,
    lambda: product(PARTS, routes.names()),
)  # fmt: skip
FALLBACKS = Metric(
    "isthmus_fallbacks_total", "counter", "Attempts at a step that failed, so that another node or route was tried.", ("task",),
    always=lambda: _single(tasks.names()),
)  # fmt: skip
UPLINK_BYTES = Metric(
    "isthmus_uplink_bytes_total", "counter", "Bytes that answered steps sent from devices over their links.", ("route",),
    always=lambda: _single(routes.names()),
)  # fmt: skip
WASTED_BYTES = Metric("isthmus_wasted_bytes_total", "counter", "Bytes that attempts sent over links in vain.")
PHOTO_BYTES = Metric(
    "isthmus_photo_bytes_total", "counter", "Bytes of the photos that were asked about: what sending each of them would take."
)
PLACED_BYTES = Metric(
    "isthmus_placed_bytes_total", "counter", "Bytes of photos that were put on a device while a question waited for them."
)
PREDICTION_ERROR = Metric(
    "isthmus_prediction_error_ratio", "histogram", "|predicted - actual| / actual time of answered steps.", ("route",), RATIOS,
    lambda: _single(routes.names()),
)  # fmt: skip
PREDICTED_SECONDS = Metric(
    "isthmus_predicted_seconds_total", "counter", "What answered steps were predicted to take.", ("route",),
    always=lambda: _single(routes.names()),
)  # fmt: skip
ACTUAL_SECONDS = Metric(
    "isthmus_actual_seconds_total", "counter", "What the steps with a prediction took.", ("route",),
    always=lambda: _single(routes.names()),
)  # fmt: skip
CHOSEN_SECONDS = Metric(
    "isthmus_placement_chosen_seconds_total", "counter",
    "Predicted time of what placement chose, over the steps in which the fixed rule was allowed.", ("rule",),
    always=lambda: _single(RULES),
)  # fmt: skip
FIXED_SECONDS = Metric(
    "isthmus_placement_fixed_seconds_total", "counter",
    "Predicted time of the fixed rule over the same steps; of several rules of a kind, that of each step's best.", ("rule",),
    always=lambda: _single(RULES),
)  # fmt: skip
PLANNER_CALLS = Metric(
    "isthmus_planner_calls_total", "counter", "Calls of the planning model.", ("model", "purpose", "outcome"),
    always=lambda: product(_model(), ("plan",), ("ok",)),
)  # fmt: skip
PLANNER_SECONDS = Metric(
    "isthmus_planner_call_seconds", "histogram", "What calls of the planning model took.", ("model",), SECONDS,
    lambda: _single(_model()),
)  # fmt: skip
PLANNER_TOKENS = Metric(
    "isthmus_planner_tokens_total", "counter", "Tokens sent to the planning model (in) and received (out).",
    ("model", "direction"), always=lambda: product(_model(), ("in", "out")),
)  # fmt: skip
PLANNER_COST = Metric(
    "isthmus_planner_cost_total", "counter", "Cost of calls of the planning model, in the currency of its prices.",
    ("model",), always=lambda: _single(_model()),
)  # fmt: skip
ROUNDS = Metric(
    "isthmus_federated_rounds_total", "counter", "Rounds of training runs; discarded ones left the model as it was.",
    ("outcome",), always=lambda: _single(("counted", "discarded")),
)  # fmt: skip
ROUND_SECONDS = Metric("isthmus_federated_round_seconds", "histogram", "What a round took.", (), LONG_S)
ROUND_CLIENTS = Metric(
    "isthmus_federated_clients_total", "counter", "Clients of rounds, by what became of their updates.", ("state",),
    always=lambda: _single(CLIENT_STATES),
)  # fmt: skip
ROUND_BYTES = Metric(
    "isthmus_federated_bytes_total", "counter", "Bytes of models and updates, up from clients and down to them.",
    ("direction",), always=lambda: _single(("up", "down")),
)  # fmt: skip
LIVE_EVENTS = Metric(
    "isthmus_live_events_total", "counter", "Events for open pages: sent, failed because of Redis, or dropped meanwhile.",
    ("outcome",), always=lambda: _single(OUTCOMES),
)  # fmt: skip
HTTP_REQUESTS = Metric(
    "isthmus_http_requests_total", "counter", "Responses of the web app.", ("area", "status"),
    always=lambda: product(AREAS, ("2xx", "5xx")),
)  # fmt: skip
HTTP_SECONDS = Metric(
    "isthmus_http_request_seconds", "histogram", "From the headers of a request to the end of its response.", ("area",),
    SHORT_S, lambda: _single(AREAS),
)  # fmt: skip
SOCKETS_OPENED = Metric(
    "isthmus_sockets_opened_total", "counter", "Websockets that pages opened.", ("kind",), always=lambda: _single(SOCKETS)
)

COUNTED: tuple[Metric, ...] = (
    QUESTIONS, QUESTION_ERRORS, QUESTION_SECONDS, QUESTION_WAIT, PLANS,
    STEPS, STEP_SECONDS, PART_SECONDS, FALLBACKS, UPLINK_BYTES, WASTED_BYTES, PHOTO_BYTES, PLACED_BYTES,
    PREDICTION_ERROR, PREDICTED_SECONDS, ACTUAL_SECONDS, CHOSEN_SECONDS, FIXED_SECONDS,
    PLANNER_CALLS, PLANNER_SECONDS, PLANNER_TOKENS, PLANNER_COST,
    ROUNDS, ROUND_SECONDS, ROUND_CLIENTS, ROUND_BYTES,
    LIVE_EVENTS, HTTP_REQUESTS, HTTP_SECONDS, SOCKETS_OPENED,
)  # fmt: skip
