"""What compressing costs, measured without labels by the job itself, resumed after a kill, and used by placement afterwards."""

from collections.abc import Callable
from pathlib import Path

import pytest

from inference.agreement import sampling, store
from inference.engine import catalogue, measured_card
from inference.model_jobs import photo_source
from inference.model_jobs.journal import Journal
from inference.model_jobs.work import measuring
from inference.models import MethodAgreement, Photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def all_promising(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models of random weights are near a tie, and any compression may change their answers."""
    monkeypatch.setattr(sampling, "is_promising", lambda values: True)


@pytest.fixture
def few(data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with four photos, where that many are enough to start with."""
    monkeypatch.setattr(photo_source, "LEAST", 3)
    for file in sorted(data.iterdir())[4:]:
        file.unlink()
    return data


@pytest.mark.usefixtures("all_promising")
@pytest.mark.long
def test_every_way_of_every_task_is_measured_and_used(paper: Path, data: Path, claimed: Callable[..., Journal]) -> None:
    assert all(level.accuracy is None for level in store.profile("paper").photo_levels("vqa"))
    journal = claimed("agreement")
    measuring.run(journal)
    profile = store.profile("paper")
    assert journal.job.state == "done" and measured_card.measured_by(profile) == "agreement"
    # Two questions about each of sixteen photos are enough to choose by; one answer about each is not.
    assert {level.accuracy is None for level in profile.photo_levels("vqa")} == {False}
    assert {level.accuracy for level in profile.photo_levels("classify")} == {None}
    row = MethodAgreement.objects.get(task="vqa", method="photo/jpeg/90")
    assert (row.photos, row.answers) == (16, 32) and row.low <= row.agreement <= row.high and row.bytes > 0
    assert {row.code for row in MethodAgreement.objects.filter(method__startswith="split")} == {"pooled"}


@pytest.mark.long
def test_a_way_that_disagrees_is_not_measured_to_the_end(paper: Path, data: Path, claimed: Callable[..., Journal]) -> None:
    measuring.run(claimed("agreement"))
    poor = [row for row in MethodAgreement.objects.filter(task="vqa") if row.agreement < 0.7]
    assert all(row.answers < 32 for row in poor)


def test_a_killed_measurement_resumes_with_the_next_photo(
    paper: Path, few: Path, claimed: Callable[..., Journal], monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, samples, asked = claimed("agreement"), sampling.samples, []

    def counted(vision: object, task: str, *rest: object) -> object:
        asked.append(task)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return samples(vision, task, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(sampling, "samples", counted)
    with pytest.raises(KeyboardInterrupt):
        measuring.run(journal)
    measuring.run(journal)
    assert asked.count("classify") == 4 + 1  # the one that was under way is done again


def test_other_weights_or_another_code_make_a_measurement_invalid(
    paper: Path, few: Path, claimed: Callable[..., Journal]
) -> None:
    measuring.run(claimed("agreement"))
    MethodAgreement.objects.filter(method__startswith="photo").update(weights="another")
    profile = catalogue.profile("paper")
    assert {row.method.split("/")[0] for row in store.current(profile, MethodAgreement.objects.all())} == {"split"}
    MethodAgreement.objects.update(code="another")
    assert store.profile("paper").card == catalogue.profile("paper").card


@pytest.mark.usefixtures("all_promising")
def test_a_damaged_photo_is_left_out(paper: Path, few: Path, claimed: Callable[..., Journal]) -> None:
    (few / "03.jpg").write_bytes(b"no photo")
    measuring.run(claimed("agreement"))
    assert MethodAgreement.objects.get(task="vqa", method="photo/jpeg/90").photos == 3


def test_own_photos_are_those_of_the_person_who_started_it(
    paper: Path, few: Path, owner: object, colleague: object, photo_bytes: bytes, claimed: Callable[..., Journal]
) -> None:
    for person in (owner, colleague):
        for _ in range(3):
            photo = Photo.objects.create(owner=person, width=320, height=240, bytes=1, source_format="jpeg", source_bytes=1)
            photo.path.parent.mkdir(parents=True, exist_ok=True)
            photo.path.write_bytes(photo_bytes)
    measuring.run(claimed("agreement", "own"))
    assert MethodAgreement.objects.get(task="classify", method="photo/jpeg/90").photos == 3
