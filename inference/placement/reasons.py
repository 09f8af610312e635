"""Why placement chose what it chose, in words. Pure."""

from inference.formatting import bytes_text, rate_text, time_text
from inference.placement.link import LinkEstimate
from inference.placement.policies import Policy
from inference.placement.prediction import Assessed


def reason(chosen: Assessed, ranked: list[Assessed], link: LinkEstimate, policy: Policy, forced: bool, unchanged: bool) -> str:
    """One sentence: what was chosen, what that costs, and what the next best would have cost.

    `unchanged`: the previous choice stands although `ranked` has a slightly better one.
    """
    sentence = f"{_cost(chosen, link)}; {_runner_up(chosen, ranked, policy, unchanged)}."
    if forced:
        return f"As you asked: {sentence}"
    return sentence[0].upper() + sentence[1:]


def _cost(chosen: Assessed, link: LinkEstimate) -> str:
    c, predicted = chosen.candidate, chosen.predicted_ms
    total = "an unknown time" if predicted is None else time_text(predicted)
    if not c.needs_link:
        return f"{c}: nothing is sent, and the answer takes {total}"
    if predicted is None or not link.up_bytes_per_s:
        return f"{c}: the link is not measured yet, so what it takes is unknown; {bytes_text(c.uplink_bytes)} are sent"
    on_link = time_text(c.uplink_bytes / link.up_bytes_per_s * 1000)
    at = f"{rate_text(link.up_bytes_per_s)}{' or more' if link.source == 'lower bound' else ''}"
    about = "about " if c.refine_to else ""
    return f"{c}: {about}{bytes_text(c.uplink_bytes)} take {on_link} at {at}, the answer {total}"


def _runner_up(chosen: Assessed, ranked: list[Assessed], policy: Policy, unchanged: bool) -> str:
    """The best of another route, or of the same one if there is no other: a neighbouring level would say nothing."""
    others = [a for a in ranked if a is not chosen]
    quantity = policy.minimises
    if not others:
        return "nothing else is allowed"
    if unchanged:
        best, amount = others[0], quantity.text(quantity.of(others[0]) or 0)
        return f"{best.candidate} would {quantity.verb} {amount}, not enough {quantity.less} to switch"
    other = next((a for a in others if a.candidate.route != chosen.candidate.route), others[0])
    value = quantity.of(other)
    if value is not None:
        return f"the next best, {other.candidate}, would {quantity.verb} {quantity.text(value)}"
    if not chosen.candidate.needs_link:
        return "the link is not measured yet, so what needs none is preferred"
    return "without a measured link the fewest bytes are preferred"
