"""`manage.py ask` with what it cannot ask about: exit status 2, one sentence, and no photo left behind."""

from pathlib import Path
from typing import Any

import pytest

from inference.models import Photo
from tests.batches.conftest import Ask
from tests.conftest import draw_photo

pytestmark = pytest.mark.django_db
QUESTION = "Is there a dog?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of one photo, one of no file and one of no photo, and a file that is none."""
    for name in ("empty", "shots", "text"):
        (tmp_path / name).mkdir()
    (tmp_path / "shots" / "a.jpg").write_bytes(draw_photo(1))
    (tmp_path / "text" / "notes.txt").write_text("no photo")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("empty", QUESTION), "empty has no files."),
        (("text", QUESTION), "text has no photo: "),
        (("shots", " "), "The question is empty."),
        (("shots", QUESTION, "--node", "jetson-z"), "There is no device “jetson-z”."),
        (("shots/a.jpg", QUESTION, "--node", "jetson-z"), "There is no device “jetson-z”."),
        (("shots/a.jpg", QUESTION, "--recursive"), "--recursive is for folders"),
        (("shots/a.jpg", "  "), "The question is empty."),
        (("nothing.jpg", QUESTION), "cannot be read"),
        (("text/notes.txt", QUESTION), "photo"),
    ],
)
def test_it_is_said_and_leaves_no_photo(ask: Ask, owner: Any, folder: Path, arguments: tuple[str, ...], sentence: str) -> None:
    path, *rest = arguments
    status, out, err = ask(str(folder / path), *rest)
    assert (status, out) == (2, "") and sentence in err, err
    assert not Photo.objects.exists()
