"""The photos on a device are bounded in bytes, shared between people, and never the only ones are dropped for others."""

import os
from pathlib import Path

import pytest

from devices.agent.jobs import Refused
from inference.stages.photo_shelf import LEAST_BYTES, PhotoShelf

SLOTS = 10  # photos of one unit that fit
PHOTO = bytes(LEAST_BYTES)


@pytest.fixture
def shelf(tmp_path: Path) -> PhotoShelf:
    return PhotoShelf(tmp_path, SLOTS * LEAST_BYTES)


def place(shelf: PhotoShelf, person: str, *names: str) -> None:
    for name in names:
        shelf.keep(name, PHOTO, person)


def there(shelf: PhotoShelf, *names: str) -> list[str]:
    return [name for name in names if name in shelf._photos and shelf.read(name)]


def names(person: str, count: int) -> list[str]:
    return [f"{person}{number}" for number in range(count)]


def files(folder: Path) -> set[str]:
    return {path.stem for path in folder.rglob("*") if path.is_file()}


def test_one_persons_flood_costs_another_nothing(shelf: PhotoShelf) -> None:
    place(shelf, "b", *names("b", 3))
    place(shelf, "a", *names("a", 50))
    assert there(shelf, *names("b", 3)) == names("b", 3)
    assert there(shelf, *names("a", 50)) == names("a", 50)[-7:]


def test_somebody_who_comes_late_gets_a_share(shelf: PhotoShelf) -> None:
    place(shelf, "a", *names("a", 10))
    place(shelf, "b", *names("b", 5))
    assert there(shelf, *names("b", 5)) == names("b", 5) and len(there(shelf, *names("a", 10))) == 5


def test_the_least_recently_used_photo_of_a_person_goes_first(shelf: PhotoShelf) -> None:
    place(shelf, "a", *names("a", 10))
    shelf.read("a0")
    place(shelf, "a", "new")
    assert there(shelf, "a0", "a1", "new") == ["a0", "new"]


def test_a_photo_that_only_the_device_has_is_never_dropped_for_another(shelf: PhotoShelf) -> None:
    shelf.keep("only", PHOTO, "b", is_only_here=True)
    place(shelf, "b", "copy")
    place(shelf, "a", *names("a", 50))
    for number in range(5):
        shelf.keep(f"mine{number}", PHOTO, "a", is_only_here=True)
    place(shelf, "a", *names("c", 50))
    assert there(shelf, "only", *names("mine", 5)) == ["only", *names("mine", 5)]


def test_one_person_fills_at_most_half_with_photos_that_only_the_device_has(shelf: PhotoShelf) -> None:
    for number in range(5):
        shelf.keep(f"a{number}", PHOTO, "a", is_only_here=True)
    with pytest.raises(Refused, match="You have"):
        shelf.keep("a5", PHOTO, "a", is_only_here=True)
    shelf.keep("b0", PHOTO, "b", is_only_here=True)
    shelf.forget("a0")
    shelf.keep("a5", PHOTO, "a", is_only_here=True)


def test_a_shelf_full_of_photos_that_only_it_has_refuses_and_loses_nothing(shelf: PhotoShelf, tmp_path: Path) -> None:
    kept = [*names("a", 5), *names("b", 5)]
    for name in kept:
        shelf.keep(name, PHOTO, name[0], is_only_here=True)
    for is_only_here in (True, False):
        with pytest.raises(Refused, match="only this device has") as refusal:
            shelf.keep("c0", PHOTO, "c", is_only_here=is_only_here)
        assert refusal.value.code == "shelf_full"
    assert there(shelf, *kept) == kept and files(tmp_path) == set(kept)


def test_a_restarted_device_knows_whose_each_photo_is(shelf: PhotoShelf, tmp_path: Path) -> None:
    shelf.keep("only", PHOTO, "b", is_only_here=True)
    place(shelf, "a", *names("a", 9))
    for number, name in enumerate(names("a", 9)):
        os.utime(shelf._photos[name].path, (number, number))
    again = PhotoShelf(tmp_path, SLOTS * LEAST_BYTES)
    place(again, "c", "c0")
    assert there(again, "only", "a0", "a1", "c0") == ["only", "a1", "c0"]


def test_files_of_an_earlier_version_may_be_the_only_ones(tmp_path: Path) -> None:
    (tmp_path / "old.jpg").write_bytes(PHOTO)
    shelf = PhotoShelf(tmp_path, SLOTS * LEAST_BYTES)
    place(shelf, "a", *names("a", 20))
    assert there(shelf, "old") == ["old"]
    shelf.forget("old")
    assert "old" not in files(tmp_path)


def test_a_photo_placed_again_is_there_once(shelf: PhotoShelf, tmp_path: Path) -> None:
    place(shelf, "a", "p", "p")
    place(shelf, "b", "p")
    assert files(tmp_path) == {"p"} and there(shelf, "p") == ["p"]


@pytest.mark.parametrize("person", ["../../etc", "A", "", "x" * 41])
def test_the_name_of_a_person_is_no_path(shelf: PhotoShelf, tmp_path: Path, person: str) -> None:
    place(shelf, person, "p")
    assert (tmp_path / "copies" / "nobody" / "p.jpg").exists()


def test_a_full_disk_is_a_sentence_and_leaves_no_half_photo(
    shelf: PhotoShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> int:
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(Refused, match="disk is full"):
        place(shelf, "a", "p")
    assert not files(tmp_path)
