"""`manage.py ask --album` and `--search`: a person's album, or what a search finds, asked about from the shell."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from inference.batches.models import Batch
from inference.models import Album, Photo
from inference.photos import albums
from inference.search.text import bundled_text
from tests.batches.conftest import Ask, answer_next
from tests.library.test_searching import remember
from webapp.management import batch_report

pytestmark = pytest.mark.django_db
QUESTION = "Is there a dog?"


@pytest.fixture
def kites(owner: Any, photos_of: Callable[..., list[Photo]]) -> Album:
    """Three photos, one of which looks like a dog."""
    album = albums.create(owner.pk, "Kites")
    photos = photos_of(owner, 3)
    album.photos.add(*photos)
    remember(photos[1], bundled_text().unit("a dog"))
    return album


def test_an_album_is_answered_as_a_table(ask: Ask, owner: Any, kites: Album) -> None:
    status, out, err = ask("--album", "kites", QUESTION, "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert status == 0 and {row["photo"] for row in rows} == {str(pk) for pk in kites.photos.values_list("pk", flat=True)}
    assert list(rows[0]) == ["photo", "answer", "confidence", "certainty", "route", "bytes", "ms"]
    assert all(row["answer"] == "Yes, there is a dog." for row in rows) and "answered 3 of 3" in err
    assert Batch.objects.get().owner_id == owner.pk, "it is on that person's page"


def test_what_a_search_finds_within_an_album(ask: Ask, kites: Album) -> None:
    status, out, _ = ask("--search", "a dog", "--album", "Kites", QUESTION)
    dog = kites.photos.get(vector__isnull=False)
    assert status == 0 and out.startswith(f"{dog.pk}: Yes, there is a dog.") and out.count("\n") == 1


def test_a_photo_that_fails_ends_with_status_one(ask: Ask, kites: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = kites.photos.order_by("pk").first()
    assert gone is not None

    def answer_or_delete(seconds: float) -> None:
        Photo.objects.filter(pk=gone.pk).delete()
        answer_next()

    monkeypatch.setattr(batch_report.time, "sleep", answer_or_delete)
    assert ask("--album", "Kites", QUESTION)[0] == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((QUESTION,), "Name a photo or a folder, or give --album, --search or"),
        (("photo.jpg", QUESTION, "--album", "Kites"), "leave out PHOTO"),
        (("--album", "Kites", QUESTION, "--recursive"), "--recursive is for folders"),
        (("--album", "Boats", QUESTION), "owner has no album “Boats”. Their albums: Kites."),
        (("--search", "a submarine", QUESTION), "No photo fits."),
        (("--search", "", QUESTION), "The search has no words about a photo."),
        (("--album", "Kites", " "), "The question is empty."),
        (("--album", "Kites", QUESTION, "--person", "nobody"), "There is no person nobody."),
    ],
)
def test_what_cannot_be_asked_is_said(ask: Ask, kites: Album, arguments: tuple[str, ...], sentence: str) -> None:
    status, out, err = ask(*arguments)
    assert status == 2 and sentence in err and not out
    assert not Batch.objects.exists()


def test_of_several_people_one_has_to_be_named(ask: Ask, kites: Album, colleague: Any) -> None:
    assert "--person NAME" in ask("--album", "Kites", QUESTION)[2]
    assert ask("--album", "Kites", QUESTION, "--person", "owner")[0] == 0
