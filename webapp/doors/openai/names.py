"""Models by the names that programs choose from: one for each policy."""

from inference.placement import policies
from webapp.gate.shapes import BadParameter

PREFIX = "isthmus"
SINCE = 1767225600  # seconds since 1970; programs sort by it


def all_names() -> dict[str, policies.Policy]:
    """`isthmus` is the default policy, which has a name of its own as well."""
    return {PREFIX: policies.DEFAULT, **{f"{PREFIX}-{policy.name}": policy for policy in policies.POLICIES}}


def policy_of(model: str) -> policies.Policy:
    """Raises UserError."""
    names = all_names()
    if model not in names:
        message = f"There is no model “{model[:60]}”."
        raise BadParameter("model", message, f"Use one of {', '.join(names)}.", 404, "model_not_found")
    return names[model]


def described(model: str) -> dict[str, object]:
    """Raises UserError."""
    policy = policy_of(model)
    about = {"policy": policy.name, "label": policy.label, "explanation": policy.explanation}
    return {"id": model, "object": "model", "created": SINCE, "owned_by": PREFIX, "isthmus": about}
