"""The routes. A new one is a file beside these and a line in ROUTES; everything else reads this list."""

from inference.placement.prediction import Route
from inference.placement.routes.device import DEVICE
from inference.placement.routes.edge import EDGE
from inference.placement.routes.split import SPLIT

__all__ = ["DEVICE", "EDGE", "NOTHING_POSSIBLE", "ROUTES", "SPLIT", "for_pages", "named", "names"]
ROUTES: list[Route] = [DEVICE, EDGE, SPLIT]
NOTHING_POSSIBLE = "There is no way to answer this step: no device offers one; look at the devices page for the reason."


def names() -> list[str]:
    return [route.name for route in ROUTES]


def named(name: str) -> Route:
    """Raises ValueError."""
    for route in ROUTES:
        if route.name == name:
            return route
    raise ValueError(f"There is no route {name!r}; use one of {', '.join(names())}.")


def for_pages() -> list[dict[str, str]]:
    """Names and labels, in the order of a form."""
    return [{"name": route.name, "label": route.label} for route in ROUTES]
