"""No held-out photo, caption or question reaches training."""

from pathlib import Path

import pytest

from inference.lab.data import photo_sets, texts


def test_training_rows_come_from_training_splits_alone(world: Path) -> None:
    names = [name for name, split, _ in photo_sets.listing(world) if split == "train"]
    assert len(names) == 2 + 4 + 10
    assert not [name for name in names if "/val/" in name or "/dev" in name or "/test" in name]


def test_every_tenth_daquar_training_photo_is_held_out(world: Path) -> None:
    splits = photo_sets.daquar_splits(world)
    assert sorted(name for name, split in splits.items() if split == "val") == ["train00.png", "train10.png"]


def test_texts_belong_to_training_photos(world: Path) -> None:
    allowed = {name for name, split, _ in photo_sets.listing(world) if split == "train"}
    used = {name for name, _ in texts.training_captions(world)} | {name for name, _ in texts.training_questions(world)}
    assert used and used <= allowed


def test_a_missing_set_is_one_sentence_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"labels\.csv is missing: unpack the data sets there, or set ISTHMUS_DATA"):
        photo_sets.listing(tmp_path)
