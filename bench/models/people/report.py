"""Judged answers and their figures as text."""

from collections.abc import Iterable, Iterator

from bench.models.people.asking import Asked
from bench.models.people.score import PeopleFigures


def lines(answers: Iterable[Asked]) -> Iterator[str]:
    """Two for each question: what was asked of which photo, and what was answered, by which tasks, and its verdict."""
    for asked in answers:
        question, judgement = asked.question, asked.judgement
        kind = "" if judgement.right_kind is not False else ", not of the kind asked for"
        yield f"{question.photo}  {question.kind.value}  {question.text}"
        tasks = "+".join(asked.tasks) or "no step"
        yield f"    {judgement.verdict.value} ({judgement.doubt.value}{kind}; {tasks})  {asked.answer}"


def table(figures: PeopleFigures) -> Iterator[str]:
    """By source and by kind, in percent with 95 % intervals."""
    yield f"{'':14}{'n':>4} {'answered':>9}  {'helpful':20}{'flat':>4}  {'flat right':20}{'right kind':20}"
    for name, row in {**figures["by_source"], **figures["by_kind"]}.items():
        answered = f"{100 * (row['answered'] or 0):.0f}"
        helpful = _percent(row["helpful"], row["helpful_ci"])
        flat = _percent(row["flat_right"], row["flat_right_ci"])
        kind = _percent(row["right_kind"], row["right_kind_ci"])
        yield f"{name:14}{row['n']:4} {answered:>9}  {helpful:20}{row['flat_n']:4}  {flat:20}{kind:20}".rstrip()


def _percent(share: float | None, bounds: list[float]) -> str:
    return "–" if share is None else f"{100 * share:.0f} ({100 * bounds[0]:.0f}–{100 * bounds[1]:.0f})"
