"""Two answers of one model are compared without labels, and a share of agreement comes with its interval."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.engine import agreement, catalogue, measured_card, tasks
from inference.engine.measured_card import Measured


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [("A dog.", "a dog", 1.0), ("dog", "dogs", 0.0), ("", "", 1.0), ("yes", "", 0.0)],
)
def test_short_answers_agree_or_do_not(before: str, after: str, expected: float) -> None:
    assert agreement.same_answer(before, after) == expected


def test_sentences_agree_as_far_as_they_share_words_and_pairs() -> None:
    same = agreement.shared_words("a black dog runs", "A black dog runs.")
    near = agreement.shared_words("a black dog runs on grass", "a black dog runs on the grass")
    far = agreement.shared_words("a black dog runs on grass", "two men at a table")
    assert same == 1.0 and 0.7 < near < 1.0 and far < 0.2


@given(st.text(max_size=40), st.text(max_size=40))
def test_agreement_is_between_nothing_and_all_and_the_same_in_both_directions(first: str, second: str) -> None:
    for compare in (agreement.same_answer, agreement.shared_words):
        value = compare(first, second)
        assert 0.0 <= value <= 1.0 and value == pytest.approx(compare(second, first)) and compare(first, first) == 1.0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=80))
def test_the_interval_holds_the_share_and_stays_in_bounds(values: list[float]) -> None:
    share = agreement.share(values)
    assert 0.0 <= share.low <= share.mean + 1e-9 and share.mean - 1e-9 <= share.high <= 1.0 and share.answers == len(values)


def test_the_interval_is_wilsons() -> None:
    share = agreement.share([1.0] * 45 + [0.0] * 5)
    assert (share.mean, share.low, share.high) == pytest.approx((0.9, 0.786, 0.957), abs=1e-3)


def test_no_answers_say_nothing() -> None:
    assert agreement.share([]) == agreement.Share(0, 0.0, 0.0, 1.0) and not agreement.is_enough(agreement.LEAST_ANSWERS - 1)


def test_captions_are_compared_by_words_and_the_rest_by_the_whole_answer() -> None:
    assert tasks.get("caption").agreement is agreement.shared_words
    assert {tasks.get(name).agreement for name in ("classify", "vqa")} == {agreement.same_answer} and tasks.get("vqa").probes


def test_what_was_measured_becomes_the_cost_of_levels_and_photo_encodings() -> None:
    paper = catalogue.profile("paper")
    k = paper.split_points("classify")[0]
    rows = [Measured("classify", "photo/webp/60", 900.0, 40, 0.975), Measured("classify", f"split/{k}/2", 300.0, 40, 0.95)]
    measured = measured_card.with_agreement(paper, rows)
    by_quality = {(level.codec, level.quality): level.accuracy for level in measured.photo_levels("classify")}
    assert by_quality[("webp", 60)] == 0.975
    levels = {level.level: level.accuracy for level in measured.code_levels("classify", k)}
    assert levels[2] == 0.95 and levels[1] is None
    assert measured.accuracy("classify") == 1.0 and measured_card.measured_by(measured) == "agreement"


def test_too_few_answers_count_for_nothing() -> None:
    paper = catalogue.profile("paper")
    assert measured_card.with_agreement(paper, [Measured("vqa", "photo/webp/60", 900.0, 29, 1.0)]) is paper


def test_what_a_card_measured_with_labels_stands() -> None:
    compact = catalogue.profile("compact")
    assert measured_card.with_agreement(compact, [Measured("vqa", "photo/webp/5", 900.0, 40, 1.0)]) is compact
