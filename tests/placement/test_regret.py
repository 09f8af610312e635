"""The cost of a fixed rule, from the receipts' own predictions."""

from typing import Any

import pytest

from inference.placement.regret import Regret, fixed_ms, regret


def receipt(chosen: int, *times: float | None, forced: str | None = None, allowed: tuple[bool, ...] = ()) -> dict[str, Any]:
    """Candidates: the device, the whole photo, WebP 20, split 1 at level 2, split 2 at level 2, and cached features."""
    ways: list[tuple[Any, ...]] = [
        ("device", None, None, None, None), ("edge", None, None, None, None), ("edge", None, None, "webp", 20),
        ("split", 1, 2, None, None), ("split", 2, 2, None, None), ("split", 1, 2, None, None),
    ]  # fmt: skip
    names = ("route", "split_at", "level", "codec", "quality")
    rows = [
        {**dict(zip(names, identity, strict=True)), "predicted_ms": ms, "allowed": not allowed or allowed[n], "held": n == 5}
        for n, (identity, ms) in enumerate(zip(ways, times, strict=False))
    ]
    return {"predicted_ms": times[chosen], "forced": forced, "candidates": rows}


def test_the_best_fixed_rule_is_chosen_over_all_questions_together() -> None:
    result = regret([receipt(0, 100, 500, 300, 120, 150), receipt(3, 400, 500, 300, 110, 90)])
    assert result.ours_ms == 100 + 110
    assert (result.best_fixed, result.best_fixed_ms) == ("split after block 1 at level 2", 120 + 110)
    assert result.by_way == {
        "the device alone": 500,
        "edge with the whole photo": 1000,
        "edge with WebP 20": 600,
        "split after block 1 at level 2": 230,
    }


def test_cached_features_are_not_a_fixed_rule() -> None:
    result = regret([receipt(5, 100, 500, 300, 120, 150, 20)])
    assert (result.ours_ms, result.best_fixed_ms) == (20, 100)


def test_a_rule_must_be_allowed_for_every_question() -> None:
    receipts = [receipt(0, 100, 500, 300, 20, allowed=(True, True, True, False)), receipt(3, 100, 500, 300, 20)]
    assert regret(receipts).best_fixed == "the device alone"


@pytest.mark.parametrize("left_out", [receipt(0, 9, forced="device"), receipt(1, 9, None)])
def test_a_forced_route_or_an_unknown_link_does_not_count(left_out: dict[str, Any]) -> None:
    assert regret([left_out, receipt(0, 100, 500)]).ours_ms == 100


def test_no_questions_have_no_regret() -> None:
    assert regret([]) == Regret(0, None, None, {})


def test_the_fixed_rules_of_one_question_have_names() -> None:
    assert fixed_ms(receipt(0, 100, 500))["edge with the whole photo"] == 500


def test_a_step_without_an_alternative_leaves_the_comparison_as_it_was() -> None:
    """The model of a training run answers on its device alone: counted, it would leave only that rule for all."""
    questions = [receipt(1, 400, 100, 300), receipt(1, 400, 100, 300)]
    alone = receipt(0, 60)
    assert regret([*questions, alone]) == regret(questions)
    assert regret([alone]) == Regret(0, None, None, {})
