"""Which photos of a device test the model: never the neighbours of those that it is trained on."""

from pathlib import Path

import pytest
from PIL import Image

from federation.app.datasets import photo_split, photos
from federation.app.datasets.photo_split import Shot
from tests.federation.photo_devices import COLOURS, fill, photo

HOUR = 3600.0


def shot(number: int, label: int = 0, taken: float | None = None, folder: str = "", written: float = 0.0) -> Shot:
    return Shot(label, f"IMG_{number}.jpg", folder, taken, written, str((number, label)).encode())


def parts(shots: list[Shot]) -> tuple[list[Shot], list[Shot]]:
    flags = photo_split.held_out(shots)
    return [s for s, out in zip(shots, flags, strict=True) if not out], [s for s, out in zip(shots, flags, strict=True) if out]


def test_a_burst_is_never_in_both_parts() -> None:
    shots = [shot(10 * burst + number, taken=HOUR * burst + number) for burst in range(10) for number in range(10)]
    train, test = parts(shots)
    assert {int(s.taken // HOUR) for s in train if s.taken is not None}.isdisjoint(
        int(s.taken // HOUR) for s in test if s.taken is not None
    )
    assert len(test) == 20
    assert min(s.taken or 0 for s in test) > max(s.taken or 0 for s in train), "the newest are held out"


def test_a_long_series_without_a_pause_is_one_group() -> None:
    train, test = parts([shot(number, taken=30.0 * number) for number in range(100)])
    assert (len(train), test) == (100, [])


def test_a_scene_with_photos_of_two_classes_stays_together() -> None:
    shots = [shot(number, label, taken=HOUR * number + label) for number in range(10) for label in (0, 1)]
    train, test = parts(shots)
    assert {s.name for s in train}.isdisjoint(s.name for s in test)
    assert len(test) == 4


def test_a_subfolder_is_never_in_both_parts() -> None:
    shots = [shot(10 * group + number, folder=f"garden-{group}") for group in range(6) for number in range(5)]
    train, test = parts(shots)
    assert test and {s.folder for s in train}.isdisjoint(s.folder for s in test)


def test_equal_photos_are_never_in_both_parts() -> None:
    copies = [Shot(0, f"{number}.jpg", "", HOUR * number, 0.0, b"same") for number in range(4)]
    train, test = parts(copies + [shot(number, taken=HOUR * (10 + number)) for number in range(12)])
    assert not ({s.digest for s in train} & {s.digest for s in test})


def test_files_written_in_bursts_are_grouped_where_nothing_else_says_when() -> None:
    shots = [shot(10 * burst + number, written=HOUR * burst + number) for burst in range(5) for number in range(10)]
    train, test = parts(shots)
    assert test and {s.written // HOUR for s in train}.isdisjoint(s.written // HOUR for s in test)


def test_photos_copied_in_one_go_are_held_out_by_name() -> None:
    train, test = parts([shot(number, written=float(number)) for number in range(1, 101)])
    assert [s.name for s in test] == [f"IMG_{number}.jpg" for number in range(81, 101)]
    assert len(train) == 80


def test_never_more_than_half_of_a_class_is_held_out() -> None:
    shots = [shot(0, taken=0.0)] + [shot(number, taken=HOUR + number) for number in range(1, 20)]
    train, test = parts(shots)
    assert (len(train), len(test)) == (19, 1)
    assert parts([shot(0)]) == ([shot(0)], [])


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("IMG_20240512_101523", True),
        ("2024-05-12 10.15.23", True),
        ("PXL_20240512_101523123", True),
        ("2024:05:12 10:15:23", True),
        ("IMG_0042", False),
        ("20241399_999999", False),
        ("1234567890123456", False),
    ],
)
def test_the_moment_is_read_from_a_name_or_a_date(name: str, known: bool) -> None:
    assert (photo_split.time_of(name) is not None) is known


def test_photos_are_grouped_by_the_date_in_their_exif(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    for number in range(12):
        exif = Image.Exif()
        exif.get_ifd(0x8769)[36867] = f"2024:05:{1 + number // 3:02} 10:00:{number % 3:02}"
        photo(COLOURS["cat"], number).save(tmp_path / "cat" / f"{(7 * number) % 12}.jpg", exif=exif)
    listing = photos.listing_of(tmp_path)
    _, _, tests = photos._read(tmp_path, listing)
    names = [file.name for _, file, _ in listing]
    groups = [next(number for number in range(12) if f"{(7 * number) % 12}.jpg" == name) // 3 for name in names]
    groups_held_out = {group for group, out in zip(groups, tests, strict=True) if out}
    assert groups_held_out == {3} and sum(tests) == 3


@pytest.mark.parametrize("taken", [None, HOUR])
def test_what_was_said_about_an_event_is_trained_on_where_other_photos_can_test(taken: float | None) -> None:
    own = [shot(number, taken=taken and HOUR * number) for number in range(10)]
    events = [Shot(0, f"{number:032x}.jpg", "", None, HOUR * (100 + number), str(number).encode()) for number in range(3)]
    train, test = parts([*own, *events])
    assert len(test) == 3 and set(events) <= set(train)
    train, test = parts(events)
    assert len(test) == 1, "a class that events alone made is tested too"


def test_both_parts_together_are_all_photos(tmp_path: Path) -> None:
    fill(tmp_path / "photos" / "labelled", cat=10, ship=10)
    train, _ = photos.load(tmp_path, False)
    test, _ = photos.load(tmp_path, True)
    assert (len(train), len(test)) == (16, 4)
