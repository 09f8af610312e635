"""Why placement chose what it chose, in words. Pure."""

from inference.formatting import bytes_text, rate_text, time_text
from inference.placement.link import LinkEstimate
from inference.placement.prediction import Assessed


def impossible(forced: str | None) -> str:
    """No candidate of the route asked for exists."""
    if forced == "split":
        return "No split is possible for this step: that needs an edge with the same model as the device; choose another route."
    if forced == "edge":
        return "The edge route is not possible for this step: no edge can be used; start one, or choose another route."
    return "There is no way to answer this step: no device offers one; look at the devices page for the reason."


def reason(chosen: Assessed, ranked: list[Assessed], link: LinkEstimate, forced: str | None, kept: bool) -> str:
    """One sentence: what was chosen, what that costs, and what the next best would have cost."""
    said = f"{_cost(chosen, link)}; {_rival(chosen, ranked, kept)}."
    said = said[0].upper() + said[1:]
    return f"As you asked: {said[0].lower()}{said[1:]}" if forced else said


def _cost(chosen: Assessed, link: LinkEstimate) -> str:
    c, predicted = chosen.candidate, chosen.predicted_ms
    total = "an unknown time" if predicted is None else time_text(predicted)
    if not c.sends:
        return f"{c}: nothing is sent, and the answer takes {total}"
    if predicted is None or not link.up_bytes_per_s:
        return f"{c}: the link is not measured yet, so what it takes is unknown; {bytes_text(c.uplink_bytes)} are sent"
    on_link = time_text(c.uplink_bytes / link.up_bytes_per_s * 1000)
    at = f"{rate_text(link.up_bytes_per_s)}{' or more' if link.source == 'lower bound' else ''}"
    about = "about " if c.refine_to else ""
    return f"{c}: {about}{bytes_text(c.uplink_bytes)} take {on_link} at {at}, the answer {total}"


def _rival(chosen: Assessed, ranked: list[Assessed], kept: bool) -> str:
    """The best of another route, or of the same one if there is no other: a neighbouring level would tell nothing."""
    others = [a for a in ranked if a is not chosen]
    if not others:
        return "nothing else is allowed"
    if kept:
        return f"{others[0].candidate} would take {time_text(others[0].predicted_ms or 0)}, too little less to change for"
    rival = next((a for a in others if a.candidate.route != chosen.candidate.route), others[0])
    if rival.predicted_ms is not None:
        return f"the next best, {rival.candidate}, would take {time_text(rival.predicted_ms)}"
    if not chosen.candidate.sends:
        return "the link is not measured yet, so what needs none is preferred"
    return "without a measured link the fewest bytes are preferred"
