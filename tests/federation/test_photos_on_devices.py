"""Training on the photos that lie on devices: classes agreed by name, photos upright, and what cannot be used said."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from federation.app import data, server_app, task
from federation.app.compression.entropy import split_bits
from federation.app.datasets import photo_folder, photos
from federation.app.errors import RunError
from federation.app.reports import Result, RoundReport
from federation.node import capability
from federation.runs import cost
from federation.runs.spec import RunSpec
from tests.federation.photo_devices import COLOURS, PhotoGrid, fill, photo, without_folder


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield from without_folder()
    torch.set_num_threads(before)


def run(*folders: Path, classes: tuple[str, ...] = (), **fields: Any) -> tuple[Result, list[RoundReport]]:
    values = {"rounds": 1, "batch_size": 8, "quorum": 1, "learning_rate": 0.05, **fields}
    spec = RunSpec(dataset="photos", classes=list(classes), clients=len(folders), **values)
    reports: list[RoundReport] = []
    return server_app.start(PhotoGrid(*folders), spec.settings(), reports.append), reports


def test_airplanes_are_not_trained_as_cats(tmp_path: Path) -> None:
    """By the position among its folders an airplane of the first device would be a cat of the second."""
    folder = fill(tmp_path / "a", airplane=4, ship=4)
    examples, own = _loaded(folder)
    part = data.of_classes(examples, own, ("cat", "ship"))
    assert set(part.examples.labels.tolist()) == {1}, "only ships are of a class of the run"
    assert part.foreign == {"airplane": 4}


def _loaded(folder: Path, held_out: bool | None = None) -> Any:
    examples, classes, tests = photos._read(folder, photos.listing_of(folder))
    if held_out is None:
        return examples, classes
    return examples.part(np.flatnonzero(np.array(tests) == held_out)), classes


def test_a_run_agrees_on_the_classes_of_all_its_devices(tmp_path: Path) -> None:
    first = fill(tmp_path / "a", 1, airplane=10, ship=10)
    second, third = fill(tmp_path / "b", 2, cat=10, ship=10), fill(tmp_path / "c", 3, cat=10, ship=10, Airplane=5)
    result, reports = run(first, second, third, rounds=6, local_epochs=2)
    assert result.classes == ("airplane", "cat", "ship")
    assert [client.state for client in reports[-1].clients] == ["ok"] * 3
    model = task.build("cnn-small", "photos", 3)
    task.put_arrays(model, {name: array.numpy() for name, array in result.arrays.items()})
    for label, name in enumerate(result.classes):
        pixels = photos.pixels_of(photo(COLOURS[name], 77))
        assert int(task.probabilities(model, pixels[None])[0].argmax()) == label, name


def test_folders_of_no_class_of_the_run_are_skipped_and_said(tmp_path: Path) -> None:
    first, second = fill(tmp_path / "a", 1, airplane=10, ship=10), fill(tmp_path / "b", 2, cat=10, ship=10)
    _, (report,) = run(first, second, classes=("cat", "ship"))
    assert [client.state for client in report.clients] == ["ok", "ok"]
    assert report.clients[0].note == "Skipped 8 photos in folders that are no class of this run (airplane)."
    assert (report.clients[0].skipped, report.clients[0].examples) == (8, 8)
    assert report.clients[1].note == ""


def test_a_device_whose_classes_do_not_fit_says_why(tmp_path: Path) -> None:
    first, second = fill(tmp_path / "a", 1, airplane=5), fill(tmp_path / "b", 2, cat=10, ship=10)
    _, (report,) = run(first, second, classes=("cat", "ship"))
    assert [client.state for client in report.clients] == ["refused", "ok"]
    assert report.clients[0].reason == "None of this device's classes (airplane) is a class of this run (cat, ship)."


@pytest.mark.parametrize("chosen", ["", "elsewhere"])
def test_a_node_trains_on_the_folder_that_its_first_label_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: str
) -> None:
    monkeypatch.setenv("ISTHMUS_DATA", str(tmp_path / "data"))
    if chosen:
        monkeypatch.setenv(photo_folder.VARIABLE, str(tmp_path / chosen))
    folders: list[Path] = []

    def client_app(message: Any, context: Any) -> Any:
        folders.append(photo_folder.of_data(tmp_path / "data"))

    on_node: Any = capability.on_current_photos(client_app, tmp_path)
    on_node(None, None)
    photo_folder.put(tmp_path / "data", tmp_path, "0" * 32, b"a JPEG", "nobody")
    on_node(None, None)
    own = [tmp_path / "data" / "photos" / "labelled", tmp_path / "labelled"]
    assert folders == ([tmp_path / chosen] * 2 if chosen else own)


def test_without_any_photos_the_run_says_so(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(RunError, match="No device has labelled photos"):
        run(tmp_path / "a", tmp_path / "a")


def test_the_reported_accuracy_is_that_of_the_model_of_the_round(tmp_path: Path) -> None:
    folders = [fill(tmp_path / name, seed, cat=15, ship=10) for seed, name in enumerate("ab", 1)]
    result, reports = run(*folders, rounds=3, classes=("cat", "ship"))
    model = task.build("cnn-small", "photos", 2)
    task.put_arrays(model, {name: array.numpy() for name, array in result.arrays.items()})
    scores, sizes = [], []
    for folder in folders:
        held_out, _ = _loaded(folder, held_out=True)
        scores.append(task.evaluate(model, held_out))
        sizes.append(len(held_out))
    assert reports[-1].accuracy == pytest.approx(np.average([score[1] for score in scores], weights=sizes))
    assert reports[-1].loss == pytest.approx(np.average([score[0] for score in scores], weights=sizes), rel=1e-5)
    assert [client.tested for client in reports[-1].clients] == sizes == [7, 7]


def test_testing_each_model_costs_few_bytes_because_the_next_round_needs_it_anyway(tmp_path: Path) -> None:
    folders = [fill(tmp_path / name, seed, cat=10, ship=10) for seed, name in enumerate("ab", 1)]
    _, reports = run(*folders, rounds=3, classes=("cat", "ship"), bits=1)
    payload = cost.parameters("cnn-small", "photos", 2) * split_bits(1)[1] / 8
    assert max(client.bytes_down for client in reports[1].clients) < 1.5 * payload + 5000


def test_photos_are_upright_whatever_the_camera_noted(tmp_path: Path) -> None:
    upright = Image.new("RGB", (96, 72), (255, 0, 0))
    upright.paste((0, 0, 255), (48, 0, 96, 72))
    turned, exif = upright.transpose(Image.Transpose.ROTATE_90), Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "cat").mkdir()
    turned.save(tmp_path / "cat" / "a.jpg", exif=exif, quality=95)
    pixels = _loaded(tmp_path)[0].pixels[0]
    assert pixels[0, :, :24].float().mean() > 200 and pixels[2, :, 40:].float().mean() > 200, "red left, blue right"


def test_a_heic_photo_is_read(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    (tmp_path / "cat").mkdir()
    heif.from_pillow(photo(COLOURS["cat"], 1)).save(tmp_path / "cat" / "a.HEIC", quality=90)
    examples, classes = _loaded(tmp_path)
    assert (len(examples), classes, examples.skipped) == (1, ("cat",), ())


def test_without_the_heic_decoder_these_photos_are_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    fill(tmp_path, cat=1)
    (tmp_path / "cat" / "a.heic").write_bytes(b"\0\0\0 ftypheic")
    assert _loaded(tmp_path)[0].skipped == ("a.heic",)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_one_unreadable_photo_is_skipped_and_counted(tmp_path: Path) -> None:
    folder = fill(tmp_path / "a", cat=10, ship=10)
    (folder / "cat" / "broken.jpg").write_bytes(b"\xff\xd8\xff not a photo")
    whole = (folder / "cat" / "IMG_20240101_000000.png").read_bytes()
    (folder / "ship" / "cut.png").write_bytes(whole[: len(whole) // 3])
    huge = Image.new("1", (13000, 13000))
    huge.save(folder / "ship" / "bomb.png")
    _, (report,) = run(folder, fill(tmp_path / "b", 2, cat=10, ship=10), classes=("cat", "ship"))
    assert [client.state for client in report.clients] == ["ok", "ok"]
    assert report.clients[0].note == "Skipped 3 photos that cannot be read."


def test_transparency_is_white_and_deep_grey_is_not_clipped(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    Image.new("RGBA", (80, 80), (0, 0, 0, 0)).save(tmp_path / "cat" / "a.png")
    Image.fromarray(np.full((80, 80), 20000, np.uint16)).save(tmp_path / "cat" / "b.png")
    clear, grey = _loaded(tmp_path)[0].pixels
    assert int(clear.min()) == 255
    assert 70 < float(grey.float().mean()) < 90


def test_names_of_folders_are_compared_as_people_read_them() -> None:
    assert photo_folder.union([["Café", "ship"], ["Cafe\u0301", "Ship ", "cat"]]) == ["Café", "cat", "ship"]
    assert photo_folder.same("Café") == photo_folder.same("cafe\u0301")


def test_hidden_and_empty_folders_are_no_classes(tmp_path: Path) -> None:
    fill(tmp_path, cat=2)
    for name in (".thumbnails", "@eaDir", "__MACOSX", "empty"):
        fill(tmp_path, **{name: 0 if name == "empty" else 1})
    assert photo_folder.counts(tmp_path) == {"cat": 2}
    assert photo_folder.counts(tmp_path / "missing") == {}
