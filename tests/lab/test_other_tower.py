"""A feature code for any ViT or BLIP: training resumes after a kill, and the code is found beside its model and used for no
other.
"""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BlipConfig, BlipForQuestionAnswering, PreTrainedModel, ViTConfig, ViTForImageClassification

from devices.contract import wire
from inference.engine import catalogue, runner
from inference.engine.catalogue import CODE, Profile
from inference.engine.codecs import learned_code
from inference.engine.hub import fetch
from inference.lab.codes import custom_codec, fit
from inference.lab.codes.train_codec import SIZES
from tests.engine.conftest import draw, save_small

pytestmark = pytest.mark.slow
# google/vit-base-patch16-224 and Salesforce/blip-vqa-base are transformers' own defaults.
LARGE: dict[str, Callable[[], PreTrainedModel]] = {
    "classify": lambda: ViTForImageClassification(ViTConfig(num_labels=10)),
    "vqa": lambda: BlipForQuestionAnswering(BlipConfig()),
}


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(8):
        draw(seed, (64, 48)).save(folder / f"{seed}.png")
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Path:
    """Small models of the real classes, each with its own code."""
    root = tmp_path_factory.mktemp("models")
    for folder in save_small(root).values():
        custom_codec.make(str(folder), photos, None, True, SIZES)
    return root


@pytest.fixture
def paper(models: Path, monkeypatch: pytest.MonkeyPatch) -> Profile:
    monkeypatch.setenv("ISTHMUS_MODELS", str(models))
    return catalogue.profile("paper")


def test_the_paper_profile_uses_the_code_beside_each_model(paper: Profile) -> None:
    vision = runner.load(paper, threads=1)
    for task in paper.on_towers:
        assert paper.learned(task) and isinstance(vision.engine.parts[task].codes[0], learned_code.LearnedCode)
        for k in paper.split_points(task):
            for level in paper.code_levels(task, k):
                packet = vision.run_head(task, draw(1), k, level.level)
                assert len(packet) == level.bytes and vision.run_tail(task, packet, "what is it?").text


def test_every_level_costs_less_error_than_the_one_below(models: Path) -> None:
    card = json.loads((models / "classify" / "codec.json").read_text())
    assert set(card["levels"]) == {"0", "1"} and card["tower"]
    for levels in card["levels"].values():
        assert levels[-1]["error"] < levels[0]["error"] and all(level["bytes"] <= 4096 for level in levels)


def test_another_models_code_is_refused_with_a_sentence(models: Path, tmp_path: Path, photos: Path) -> None:
    """Same shape, other weights: the file is not used, and the packets of one are refused by the other."""
    torch.manual_seed(9)
    other = tmp_path / "classify"
    shutil.copytree(models / "classify", other)
    model = ViTForImageClassification.from_pretrained(other)
    torch.nn.init.normal_(model.vit.layernorm.weight)
    model.save_pretrained(other)
    profile = Profile.from_folders("small", {"classify": other})
    assert not profile.learned("classify")
    ours, theirs = runner.load(Profile.from_folders("small", {"classify": models / "classify"})), runner.load(profile)
    with pytest.raises(wire.WireError, match="come from other weights; give both nodes the same profile"):
        theirs.run_tail("classify", ours.run_head("classify", draw(1), 0, 1), None)


def test_a_stopped_run_resumes_with_the_next_split_point(tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save_small(tmp_path)["classify"]
    learn, points = fit.learn, []

    def counted(tower: object, features: object, target: object, k: int, *rest: object) -> fit.Arrays:
        points.append(k)
        if len(points) == 2:
            raise KeyboardInterrupt
        return learn(tower, features, target, k, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(fit, "learn", counted)
    with pytest.raises(KeyboardInterrupt):
        custom_codec.make(str(folder), photos, None, True, SIZES)
    assert not (folder / CODE).exists()
    custom_codec.make(str(folder), photos, None, True, SIZES)
    assert points == [0, 1, 1] and (folder / CODE).exists() and not list(folder.glob(".codec-*"))


@pytest.mark.parametrize(("name", "count"), [("empty", 0), ("few", 3)])
def test_too_few_photos_are_named(models: Path, tmp_path: Path, name: str, count: int) -> None:
    for seed in range(count):
        draw(seed).save(tmp_path / f"{seed}.jpg")
    with pytest.raises(SystemExit, match=f"holds {count} photos; name a folder with at least 6"):
        custom_codec.make(str(models / "classify"), tmp_path, None, True, SIZES)


def test_a_damaged_photo_is_named(models: Path, tmp_path: Path) -> None:
    for seed in range(6):
        draw(seed).save(tmp_path / f"{seed}.jpg")
    (tmp_path / "3.jpg").write_bytes(b"no photo")
    with pytest.raises(SystemExit, match=r"3\.jpg is damaged or not a photo .*; remove it from the folder"):
        custom_codec.make(str(models / "classify"), tmp_path, None, True, SIZES)


def test_a_model_of_another_kind_is_named(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"architectures": ["BertModel"]}')
    with pytest.raises(SystemExit, match="holds BertModel; name a folder or model of the kind ViTForImageClassification"):
        custom_codec.make(str(tmp_path), photos, None, True, SIZES)


def test_only_one_format_of_the_weights_is_downloaded() -> None:
    assert "model.safetensors" in fetch.PATTERNS and not any("bin" in name for name in fetch.PATTERNS)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("task", ["classify", "vqa"])
def test_training_for_a_large_tower_resumes_after_a_kill(tmp_path: Path, photos: Path, task: str) -> None:
    """Real shapes with random weights, by the real command, killed once the first split point is stored."""
    torch.manual_seed(0)
    folder, larger = tmp_path / task, tmp_path / "photos"
    LARGE[task]().half().save_pretrained(folder)
    shutil.copytree(photos, larger)
    command = [
        sys.executable,
        "-m",
        "inference.lab.codes.train_codec",
        "--tower",
        str(folder),
        "--photos",
        str(larger),
        "--quick",
        "--threads",
        "1",
    ]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 900
    while not list(folder.glob(".codec-*-0.npz")):
        assert running.poll() is None and time.monotonic() < until
        time.sleep(0.2)
    running.send_signal(signal.SIGKILL)
    running.wait()
    stored = next(folder.glob(".codec-*-0.npz")).stat().st_mtime_ns
    assert not (folder / CODE).exists() and stored
    subprocess.run(command, check=True, capture_output=True)
    profile = Profile.from_folders("paper", {task: folder})
    code = learned_code.load(folder / CODE)[4]
    features = np.random.default_rng(0).normal(size=code.mean.shape).astype(np.float32)
    assert profile.learned(task) and profile.split_points(task) == (0, 2, 4)
    for level, size in enumerate(code.sizes, 1):
        payload = code.encode(features, level)
        assert len(payload) == size and code.decode(payload, level).shape == features.shape
    assert [level.bytes for level in profile.code_levels(task, 4)] == [wire.HEADER_BYTES + size for size in SIZES]
