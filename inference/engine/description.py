"""What pages and scripts show of a profile, as JSON, and its card. No torch."""

from typing import Any

from inference.engine import catalogue, tasks
from inference.engine.catalogue import Profile


def describe(profile: Profile) -> dict[str, Any]:
    problems = catalogue.missing(profile)
    return {
        "name": profile.name,
        "ready": not problems,
        "missing": problems,
        "unavailable": catalogue.unavailable(profile),
        "version": profile.card.get("version"),
        "measured": profile.card.get("measured"),
        "tasks": {task: _of_task(profile, task) for task in profile.tasks},
    }


def card_text(name: str) -> str:
    """The model card for people, as Markdown."""
    file = catalogue.WEIGHTS / f"{name}.md"
    if file.exists():
        return file.read_text()
    names = "\n".join(f"* {task}: {model}" for task, model in catalogue.models_of(name).items())
    return f"# The {name} models\n\n{names}\n\nTheir cards are where they were published; nothing was measured here."


def _of_task(profile: Profile, task: str) -> dict[str, Any]:
    entry, splits = profile.card_of(task), profile.splits(task)
    return {
        "label": tasks.get(task).phrases.label,
        "model": profile.models[task],
        "splits": splits,
        "image_size": profile.image_size(task),
        "blocks": profile.blocks(task),
        **{name: entry.get(name) for name in ("accuracy", "metric", "temperature", "question_only")},
        "code": ("learned" if profile.learned(task) else "pooled") if splits else None,
        "split_points": list(profile.split_points(task)),
        "levels": {str(k): [vars(level) for level in profile.code_levels(task, k)] for k in profile.split_points(task)},
        "photo": [vars(level) for level in profile.photo_levels(task)],
    }
