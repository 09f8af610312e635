"""The figures of `bench.rate_accuracy`: accuracies, intervals and ratios from known outcomes."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from bench.rate_accuracy import report
from bench.rate_accuracy.adaptation import AffineAdapter
from bench.rate_accuracy.evaluation import Evaluation, Row, Sizes, uncompressed
from bench.rate_accuracy.stats import Bootstrap, Outcome, Point, accuracy, bleu_counts, cheapest, interval, ratio
from devices.contract import wire
from inference.engine.catalogue import Refinement
from inference.lab.measures import decode, score

CANDIDATES = ["a dog runs on the grass", "two men stand near a red car", "a child", "a black dog jumps over a log in the woods"]
REFERENCES = [
    ["a dog runs across the grass", "the dog is on green grass"],
    ["two men near a car", "two men stand near a red truck"],
    ["a child plays", "a small child sits"],
    ["a black dog jumps over a log", "a dog jumps over a log in the woods"],
]


def outcome(correct: list[int], confidence: list[float] | None = None) -> Outcome:
    hits = np.array(correct, np.float64)
    return Outcome(np.stack([hits, np.ones_like(hits)], 1), np.array(confidence or [1.0] * len(correct)))


def accuracies(value: float, spread: float = 0.0) -> np.ndarray:
    return value + spread * np.random.default_rng(0).normal(size=101)


def test_the_summed_counts_of_all_photos_give_corpus_bleu() -> None:
    assert accuracy(bleu_counts(CANDIDATES, REFERENCES).sum(0)) == pytest.approx(score.bleu4(CANDIDATES, REFERENCES))


def test_bleu_is_zero_without_a_matching_four_gram() -> None:
    assert accuracy(bleu_counts(["a dog"], [["a dog"]]).sum(0)) == 0.0 == score.bleu4(["a dog"], [["a dog"]])


def test_cider_is_the_mean_of_the_photos_own() -> None:
    measure = score.Cider(REFERENCES)
    each = [measure(text, photo) for photo, text in enumerate(CANDIDATES)]
    assert np.mean(each) == pytest.approx(score.cider(CANDIDATES, REFERENCES))


def test_the_interval_has_the_width_of_the_binomials() -> None:
    correct = [1, 0] * 200
    low, high = interval(Bootstrap(np.arange(400)).accuracies(outcome(correct)))
    assert low == pytest.approx(0.5 - 1.96 * 0.025, abs=0.01)
    assert high == pytest.approx(0.5 + 1.96 * 0.025, abs=0.01)


def test_questions_about_one_photo_are_resampled_together() -> None:
    correct, separate = outcome([1] * 10 + [0] * 10), Bootstrap(np.arange(20))
    together = Bootstrap(np.repeat(np.arange(2), 10))
    width = [high - low for low, high in (interval(bootstrap.accuracies(correct)) for bootstrap in (separate, together))]
    assert width[1] > 2 * width[0]


def test_rows_of_a_task_share_their_resamples() -> None:
    bootstrap, correct = Bootstrap(np.arange(50)), outcome([1, 0] * 25)
    assert interval(bootstrap.accuracies(correct) - bootstrap.accuracies(correct)) == [0.0, 0.0]


def test_refining_takes_the_higher_levels_answer_where_the_lower_was_unsure() -> None:
    low, high = outcome([1, 0, 0, 1], [0.9, 0.9, 0.2, 0.2]), outcome([0, 1, 1, 1])
    mixed, unsure = low.refined(high, sure_above=0.5)
    assert mixed.counts[:, 0].tolist() == [1, 0, 1, 1]
    assert unsure == 0.5


def test_the_cheapest_point_within_the_loss_is_measured_not_interpolated() -> None:
    points = [Point(100, accuracies(0.60), {}), Point(300, accuracies(0.69), {}), Point(900, accuracies(0.70), {})]
    point = cheapest(points, accuracies(0.70), loss=0.01)
    assert point is not None
    assert point.bytes == 300


def test_the_ratio_is_their_fewest_bytes_over_ours() -> None:
    ours = [Point(50, accuracies(0.5), {}), Point(200, accuracies(0.695), {})]
    theirs = [Point(400, accuracies(0.6), {}), Point(1600, accuracies(0.70), {})]
    assert ratio(ours, theirs, accuracies(0.70), 0.01) == (8.0, [8.0, 8.0])


def test_there_is_no_ratio_where_no_photo_codec_comes_near_enough() -> None:
    assert ratio([Point(50, accuracies(0.7), {})], [Point(400, accuracies(0.2), {})], accuracies(0.7), 0.01) == (None, None)


def test_the_ratio_is_nothing_where_ours_never_comes_near_enough() -> None:
    value, _ = ratio([Point(50, accuracies(0.2), {})], [Point(400, accuracies(0.7), {})], accuracies(0.7), 0.01)
    assert value == 0.0


def test_the_ratios_interval_lets_the_choice_of_points_vary() -> None:
    ours = [Point(100, accuracies(0.69, 0.02), {}), Point(200, accuracies(0.70), {})]
    value, bounds = ratio(ours, [Point(800, accuracies(0.70), {})], accuracies(0.70), 0.01)
    assert value in (4.0, 8.0)
    assert bounds == [4.0, 8.0]


def test_each_level_is_reported_at_its_most_accurate_split_point() -> None:
    points = [Point(64, accuracies(value), {"split_at": k, "level": 1}) for k, value in ((0, 0.4), (2, 0.6), (4, 0.5))]
    assert [point.setting["split_at"] for point in report.best_per_level(points)] == [2]


def test_the_adapter_undoes_an_affine_distortion() -> None:
    torch.manual_seed(0)
    original = torch.randn(60, 10, 6)
    distorted = original @ (torch.eye(6) + 0.2 * torch.randn(6, 6)) + 0.3
    adapted = AffineAdapter.fit(distorted[:50], original[:50])(distorted[50:])
    assert (adapted - original[50:]).square().mean() < 0.05 * (distorted[50:] - original[50:]).square().mean()


def test_refining_costs_the_second_packet_only_where_it_was_needed() -> None:
    low, high = outcome([1, 0, 0, 1], [0.9, 0.9, 0.2, 0.2]), outcome([1, 1, 1, 1])
    rows = [
        Row({"way": "code", "split_at": 2, "level": level}, {"vqa": size}, {"vqa": result})
        for level, size, result in ((1, 64, low), (3, 256, high))
    ]
    mode = Refinement(2, 1, 3, sure_above=0.5, expected_bytes=0, refined_share=0, accuracy=0)
    photos: Any = SimpleNamespace(
        part=SimpleNamespace(codes={2: None}), profile=SimpleNamespace(refinements=lambda task, k: [mode])
    )
    (point,) = report._refined(photos, "vqa", "vqa", rows, Bootstrap(np.arange(4)))
    assert point.bytes == 64 + 0.5 * (wire.HEADER_BYTES + 256 - 64)
    assert point.setting["saved"] == pytest.approx(1 - point.bytes / 256, abs=1e-4)
    assert point.accuracies[0] == 0.75


@pytest.fixture
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_each_task_is_evaluated_on_its_own_photos(world: Path, monkeypatch: pytest.MonkeyPatch, one_thread: None) -> None:
    monkeypatch.setenv("ISTHMUS_DATA", str(world))
    photos = Evaluation(Sizes(classified=2, everyday=2, captioned=1, asked=2, compared=2, adapted=2))
    assert [file.relative_to(world).parts[0] for file in photos.files] == [
        *["imagenette"] * 2, *["everyday"] * 2, *["flickr8k"] * 2,
    ]  # fmt: skip
    full, upload = uncompressed(photos)
    assert {task: len(outcome.counts) for task, outcome in full.outcomes.items()} == {
        "classify": 2,
        "everyday": 2,
        "caption": 1,
        "vqa": len(photos.questions),
    }
    assert {row for row, _ in photos.questions} == {0, 1}
    sizes = [file.stat().st_size for file in photos.files]
    assert (upload.bytes["classify"], upload.bytes["everyday"]) == (np.mean(sizes[:2]), np.mean(sizes[2:4]))
    assert upload.bytes["caption"] == sizes[4]
    assert upload.bytes["vqa"] == pytest.approx(np.mean([sizes[4 + row] for row, _ in photos.questions]))
    # Changing the tokens of the photo that is only asked about changes its answers and nothing else.
    seen = torch.randn(decode.vision_tokens(photos.model, photos.pixels).shape, generator=torch.Generator().manual_seed(0))
    other = torch.cat([seen[:5], -seen[5:]])
    before, after = photos.outcomes(seen), photos.outcomes(other)
    same = np.array([row == 0 for row, _ in photos.questions])
    assert np.array_equal(before["caption"].confidence, after["caption"].confidence)
    assert np.allclose(before["vqa"].confidence[same], after["vqa"].confidence[same])
    assert not np.allclose(before["vqa"].confidence[~same], after["vqa"].confidence[~same])
