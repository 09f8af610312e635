"""What the catalogue tells of each profile, and what it says of weights that are missing or damaged."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from inference.engine import catalogue, loading
from inference.engine.catalogue import Profile
from inference.engine.description import card_text, describe


@pytest.fixture
def copied(tmp_path: Path) -> Profile:
    """The compact profile over a copy of its files, to be damaged."""
    root = tmp_path / "compact"
    shutil.copytree(catalogue.WEIGHTS / "compact", root)
    whole = catalogue.profile("compact")
    return replace(whole, folders={task: root / task for task in whole.tasks}, code_file=root / "codec.safetensors")


def _cut(file: Path, keep: int) -> None:
    file.write_bytes(file.read_bytes()[:keep])


@pytest.mark.parametrize("name", catalogue.PROFILES)
def test_every_profile_describes_itself_as_json(name: str) -> None:
    description = json.loads(json.dumps(describe(catalogue.profile(name))))
    assert description["name"] == name and list(description["tasks"]) == ["classify", "caption", "vqa", "read"]
    for task in (task for task in description["tasks"].values() if task["splits"]):
        assert task["split_points"] and set(task["levels"]) == {str(k) for k in task["split_points"]}
        for levels in task["levels"].values():
            assert [level["level"] for level in levels] == list(range(1, len(levels) + 1))
            assert [level["bytes"] for level in levels] == sorted({level["bytes"] for level in levels})


def test_the_compact_profile_is_complete_and_measured() -> None:
    description = describe(catalogue.profile("compact"))
    assert description["ready"] and description["missing"] == []
    for task in description["tasks"].values():
        assert task["code"] == ("learned" if task["splits"] else None) and 0 < task["accuracy"] < 1
        assert all(level["accuracy"] is not None for levels in task["levels"].values() for level in levels)
        assert task["photo"] and all(level["accuracy"] is not None for level in task["photo"] if task["splits"])


def test_the_catalogue_has_the_shapes_of_the_loaded_towers(compact: object) -> None:
    profile = catalogue.profile("compact")
    for task, part in compact.engine.parts.items():  # type: ignore[attr-defined]
        shape, tower = profile.shape(task), loading.tower(part.networks)
        assert (shape.image_size, shape.blocks) == (tower.image_size, tower.depth)
        assert shape.features == tuple(tower.shape(k) for k in range(tower.depth + 1))
        assert set(part.codes) == set(profile.split_points(task))


def test_what_is_split_nowhere_has_no_levels() -> None:
    for name in catalogue.PROFILES:
        with pytest.raises(KeyError):
            catalogue.profile(name).code_levels("classify", 77)


def test_an_unknown_profile_is_named_with_the_known_ones() -> None:
    with pytest.raises(catalogue.UnknownProfile, match="no profile named huge; choose one of compact, paper"):
        catalogue.profile("huge")


@pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
def test_a_missing_file_makes_its_task_missing(copied: Profile, file: str) -> None:
    (copied.folders["vqa"] / file).unlink()  # type: ignore[operator]
    assert catalogue.missing(copied) == [f"The vqa model (compact vqa) is not on this machine; {catalogue.REPAIR}."]
    assert describe(copied)["ready"] is False


@pytest.mark.parametrize("keep", [0, 5, 1000, 1_000_000])
def test_weights_cut_short_are_named_with_the_remedy(copied: Profile, keep: int) -> None:
    file = copied.folders["caption"] / "model.safetensors"  # type: ignore[operator]
    _cut(file, keep)
    assert describe(copied)["missing"] == [f"{file} is damaged or of another version than its card; {catalogue.REPAIR}."]
    with pytest.raises(loading.ModelsMissing, match="caption/model\\.safetensors is damaged"):
        loading.load(copied, torch.device("cpu"))


def test_one_changed_byte_is_noticed(copied: Profile) -> None:
    file = copied.folders["vqa"] / "adapter.safetensors"  # type: ignore[operator]
    data = bytearray(file.read_bytes())
    data[-7] ^= 1
    file.write_bytes(data)
    assert [str(file) in sentence for sentence in catalogue.missing(copied)] == [True]


@pytest.mark.parametrize("keep", [0, 100, 100_000])
def test_a_feature_code_cut_short_is_named(copied: Profile, keep: int) -> None:
    assert copied.code_file is not None
    _cut(copied.code_file, keep)
    assert f"{copied.code_file} is" in describe(copied)["missing"][0]
    with pytest.raises(loading.ModelsMissing, match=r"codec\.safetensors is damaged"):
        loading.load(copied, torch.device("cpu"))


@pytest.mark.parametrize("keep", [0, 200])
def test_a_damaged_config_makes_its_task_missing(copied: Profile, keep: int) -> None:
    _cut(copied.folders["vqa"] / "config.json", keep)  # type: ignore[operator]
    assert describe(copied)["missing"] == [f"The vqa model (compact vqa) is not on this machine; {catalogue.REPAIR}."]


def test_a_code_for_other_weights_is_not_used(copied: Profile, small_folders: dict[str, Path]) -> None:
    other = Profile.from_folders("small", small_folders, code_file=copied.code_file)
    assert not other.learned("classify") and describe(other)["tasks"]["classify"]["code"] == "pooled"


def test_without_a_card_damaged_weights_are_found_at_loading(small_folders: dict[str, Path], tmp_path: Path) -> None:
    for task, folder in small_folders.items():
        shutil.copytree(folder, tmp_path / task)
    _cut(tmp_path / "vqa" / "model.safetensors", 2000)
    profile = Profile.from_folders("small", {task: tmp_path / task for task in small_folders})
    with pytest.raises(loading.ModelsMissing, match=r"The model in .*vqa cannot be loaded \(.*\); fetch or restore it again\."):
        loading.load(profile, torch.device("cpu"))


def test_weights_that_lack_a_layer_are_refused(small_folders: dict[str, Path], tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    shutil.copytree(small_folders["classify"], tmp_path / "classify")
    file = tmp_path / "classify" / "model.safetensors"
    save_file(
        {name: value for name, value in load_file(file).items() if "layer.2." not in name and "layers.2." not in name},
        file,
        {"format": "pt"},
    )
    with pytest.raises(loading.ModelsMissing, match=r"lacks \d+ weights, .* for one; fetch or restore it again"):
        loading.load(Profile.from_folders("small", {"classify": tmp_path / "classify"}), torch.device("cpu"))


def test_the_large_models_folder_is_one_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ISTHMUS_MODELS", str(tmp_path))
    paper = catalogue.profile("paper")
    assert {task: paper.folders[task] for task in paper.on_towers} == {task: tmp_path / task for task in paper.on_towers}
    assert catalogue.missing(paper)[0] == (
        "The classify model (google/vit-base-patch16-224) is not on this machine; run `python manage.py models fetch`."
    )


def test_there_is_a_card_for_people_for_every_profile() -> None:
    for name in catalogue.PROFILES:
        assert card_text(name).startswith("#")
