"""The numbers of `bench.rate_accuracy`: accuracies, intervals and ratios from known outcomes."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from bench.rate_accuracy import report
from bench.rate_accuracy.rows import Adapted, Exam, Row, Sizes, whole
from bench.rate_accuracy.stats import Draws, Outcome, Point, accuracy, bleu_counts, cheapest, interval, ratio
from devices.contract import wire
from inference.engine.catalogue import Refinement
from inference.lab.measures import score

SAID = ["a dog runs on the grass", "two men stand near a red car", "a child", "a black dog jumps over a log in the woods"]
REFERENCES = [
    ["a dog runs across the grass", "the dog is on green grass"],
    ["two men near a car", "two men stand near a red truck"],
    ["a child plays", "a small child sits"],
    ["a black dog jumps over a log", "a dog jumps over a log in the woods"],
]


def outcome(right: list[int], confidence: list[float] | None = None) -> Outcome:
    hits = np.array(right, np.float64)
    return Outcome(np.stack([hits, np.ones_like(hits)], 1), np.array(confidence or [1.0] * len(right)))


def drawn(value: float, spread: float = 0.0) -> np.ndarray:
    return value + spread * np.random.default_rng(0).normal(size=101)


def test_bleu_from_the_counts_of_each_photo_is_corpus_bleu() -> None:
    assert accuracy(bleu_counts(SAID, REFERENCES).sum(0)) == pytest.approx(score.bleu4(SAID, REFERENCES))


def test_bleu_is_zero_without_a_single_run_of_four_words() -> None:
    assert accuracy(bleu_counts(["a dog"], [["a dog"]]).sum(0)) == 0.0 == score.bleu4(["a dog"], [["a dog"]])


def test_cider_is_the_mean_of_the_photos_own() -> None:
    assert np.mean(score.ciders(SAID, REFERENCES)) == pytest.approx(score.cider(SAID, REFERENCES))


def test_the_interval_has_the_width_of_the_binomial() -> None:
    right = [1, 0] * 200
    low, high = interval(Draws(np.arange(400)).accuracies(outcome(right)))
    assert low == pytest.approx(0.5 - 1.96 * 0.025, abs=0.01)
    assert high == pytest.approx(0.5 + 1.96 * 0.025, abs=0.01)


def test_questions_of_one_photo_are_drawn_together() -> None:
    right, alone = outcome([1] * 10 + [0] * 10), Draws(np.arange(20))
    together = Draws(np.repeat(np.arange(2), 10))
    width = [high - low for low, high in (interval(one.accuracies(right)) for one in (alone, together))]
    assert width[1] > 2 * width[0]


def test_rows_of_a_task_are_drawn_with_the_same_photos() -> None:
    draws, right = Draws(np.arange(50)), outcome([1, 0] * 25)
    assert interval(draws.accuracies(right) - draws.accuracies(right)) == [0.0, 0.0]


def test_refining_takes_the_higher_levels_answer_where_the_lower_was_unsure() -> None:
    low, high = outcome([1, 0, 0, 1], [0.9, 0.9, 0.2, 0.2]), outcome([0, 1, 1, 1])
    mixed, unsure = low.mixed(high, sure_above=0.5)
    assert mixed.counts[:, 0].tolist() == [1, 0, 1, 1]
    assert unsure == 0.5


def test_the_cheapest_point_within_the_loss_is_measured_not_interpolated() -> None:
    points = [Point(100, drawn(0.60), {}), Point(300, drawn(0.69), {}), Point(900, drawn(0.70), {})]
    found = cheapest(points, drawn(0.70), loss=0.01)
    assert found is not None
    assert found.bytes == 300


def test_the_ratio_is_their_fewest_bytes_over_ours() -> None:
    ours = [Point(50, drawn(0.5), {}), Point(200, drawn(0.695), {})]
    theirs = [Point(400, drawn(0.6), {}), Point(1600, drawn(0.70), {})]
    assert ratio(ours, theirs, drawn(0.70), 0.01) == (8.0, [8.0, 8.0])


def test_there_is_no_ratio_where_no_photo_codec_comes_near_enough() -> None:
    assert ratio([Point(50, drawn(0.7), {})], [Point(400, drawn(0.2), {})], drawn(0.7), 0.01) == (None, None)


def test_the_ratio_is_nothing_where_ours_never_comes_near_enough() -> None:
    found, _ = ratio([Point(50, drawn(0.2), {})], [Point(400, drawn(0.7), {})], drawn(0.7), 0.01)
    assert found == 0.0


def test_the_ratios_interval_lets_the_choice_of_points_vary() -> None:
    ours = [Point(100, drawn(0.69, 0.02), {}), Point(200, drawn(0.70), {})]
    found, bounds = ratio(ours, [Point(800, drawn(0.70), {})], drawn(0.70), 0.01)
    assert found in (4.0, 8.0)
    assert bounds == [4.0, 8.0]


def test_each_level_is_told_at_its_most_accurate_split_point() -> None:
    points = [Point(64, drawn(value), {"split_at": k, "level": 1}) for k, value in ((0, 0.4), (2, 0.6), (4, 0.5))]
    assert [one.told["split_at"] for one in report.best_per_level(points)] == [2]


def test_adapted_tails_undo_an_affine_harm() -> None:
    torch.manual_seed(0)
    wanted = torch.randn(60, 10, 6)
    harmed = wanted @ (torch.eye(6) + 0.2 * torch.randn(6, 6)) + 0.3
    mended = Adapted.fit(harmed[:50], wanted[:50])(harmed[50:])
    assert (mended - wanted[50:]).square().mean() < 0.05 * (harmed[50:] - wanted[50:]).square().mean()


def test_refining_costs_the_second_packet_only_where_it_was_needed() -> None:
    low, high = outcome([1, 0, 0, 1], [0.9, 0.9, 0.2, 0.2]), outcome([1, 1, 1, 1])
    rows = [
        Row({"way": "code", "split_at": 2, "level": level}, {"vqa": size}, {"vqa": one})
        for level, size, one in ((1, 64, low), (3, 256, high))
    ]
    mode = Refinement(2, 1, 3, sure_above=0.5, expected_bytes=0, refined_share=0, accuracy=0)
    exam: Any = SimpleNamespace(
        part=SimpleNamespace(codes={2: None}), profile=SimpleNamespace(refinements=lambda task, k: [mode])
    )
    (found,) = report._refined(exam, "vqa", rows, Draws(np.arange(4)))
    assert found.bytes == 64 + 0.5 * (wire.HEADER_BYTES + 256 - 64)
    assert found.told["saved"] == pytest.approx(1 - found.bytes / 256, abs=1e-4)
    assert found.drawn[0] == 0.75


@pytest.fixture
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_each_task_is_shown_its_own_photos(world: Path, monkeypatch: pytest.MonkeyPatch, one_thread: None) -> None:
    monkeypatch.setenv("ISTHMUS_DATA", str(world))
    exam = Exam(Sizes(named=2, captioned=1, asked=2, looked_at=2, adapted=2))
    assert [file.relative_to(world).parts[0] for file in exam.files] == ["imagenette"] * 2 + ["flickr8k"] * 2
    full, upload = whole(exam)
    assert {task: len(one.counts) for task, one in full.outcomes.items()} == {
        "classify": 2,
        "caption": 1,
        "vqa": len(exam.asked),
    }
    assert {row for row, _ in exam.asked} == {0, 1}
    weights = [file.stat().st_size for file in exam.files]
    assert upload.bytes["classify"] == np.mean(weights[:2]) and upload.bytes["caption"] == weights[2]
    assert upload.bytes["vqa"] == pytest.approx(np.mean([weights[2 + row] for row, _ in exam.asked]))
    # Each is judged by the tokens of its own photos: when those of the photo that is only asked about change, its answers alone may.
    seen = torch.randn(4, 126, 256, generator=torch.Generator().manual_seed(0))
    other = torch.cat([seen[:3], -seen[3:]])
    one, two = exam.outcomes(seen), exam.outcomes(other)
    same = np.array([row == 0 for row, _ in exam.asked])
    assert np.array_equal(one["caption"].confidence, two["caption"].confidence)
    assert np.allclose(one["vqa"].confidence[same], two["vqa"].confidence[same])
    assert not np.allclose(one["vqa"].confidence[~same], two["vqa"].confidence[~same])
