"""Bundles: networks exported once, which answer as those that they were made from, and of which a damaged one is not used."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from inference.engine import catalogue, loading, reconstruction
from inference.engine.bundles import export as export_module
from inference.engine.bundles import layout, store
from inference.engine.bundles.export import export
from inference.engine.bundles.store import CURRENT, MANIFEST, Store
from inference.engine.catalogue import ModelsMissing, Profile
from inference.engine.engines.engine import Resources
from inference.engine.engines.onnx_engine import OnnxEngine
from inference.engine.engines.parts_engine import PartsEngine
from inference.engine.runner import Vision
from inference.engine.tasks.caption.model import Captioner
from inference.engine.tasks.vqa.model import Answerer
from inference.engine.tasks.vqa.question_model import Write
from tests.bundled import SPLIT_AT

QUESTIONS = (
    "what colour is it?",
    "is there a dog?",
    "how many people are there?",
    "is it a dog or a cat?",
    "what is he doing?",
)


@pytest.fixture
def copied(bundles: Store, tmp_path: Path) -> Store:
    shutil.copytree(bundles.root, tmp_path / "bundles")
    return Store(tmp_path / "bundles")


@pytest.fixture(scope="module")
def exported(bundles: Store) -> Vision:
    folder = bundles.current("compact")
    assert folder is not None
    return Vision(OnnxEngine(store.profile_of(folder), Resources(threads=1)))


def test_it_answers_as_the_weights_do(exported: Vision, compact: Vision, drawn: Callable[..., Image.Image]) -> None:
    for seed in range(4):
        image = drawn(seed, (320, 240))
        for task in ("classify", "caption"):
            ours, theirs = (vision.run_whole(task, image, None) for vision in (exported, compact))
            assert ours.text == theirs.text and ours.confidence == pytest.approx(theirs.confidence, abs=1e-3)
        for question in QUESTIONS:
            ours, theirs = (vision.run_whole("vqa", image, question) for vision in (exported, compact))
            assert ours.text == theirs.text and ours.confidence == pytest.approx(theirs.confidence, abs=1e-3)


def test_its_texts_have_the_same_tokens(exported: Vision, compact: Vision, drawn: Callable[..., Image.Image]) -> None:
    for seed in range(4):
        texts = []
        for vision in (exported, compact):
            assert isinstance(vision.engine, PartsEngine)
            caption, vqa = (vision.engine.parts[task] for task in ("caption", "vqa"))
            tokens = caption.networks.vision.whole(caption.pixels(drawn(seed)))
            assert isinstance(caption.answering, Captioner) and isinstance(vqa.answering, Answerer)
            model = vqa.answering.model
            [(answer, _)] = model.write(model.network.adapt(tokens), [Write("what is on the table?")])
            texts.append((caption.answering.ids(tokens)[0][0], answer))
        assert texts[0] == texts[1]


def test_its_packets_and_those_of_the_weights_are_understood_by_both(
    exported: Vision, compact: Vision, image: Image.Image
) -> None:
    assert exported.digest == compact.digest
    for sender, receiver in ((exported, compact), (compact, exported)):
        packet = sender.run_head("classify", image, SPLIT_AT, 9)
        assert receiver.run_tail("classify", packet, None).text == sender.run_tail("classify", packet, None).text


def test_where_it_looked_is_the_same(exported: Vision, compact: Vision, image: Image.Image) -> None:
    for task, question, text in (("classify", None, "beagle"), ("vqa", "what colour is it?", "brown")):
        ours, theirs = (vision.evidence(task, image, question, text) for vision in (exported, compact))
        assert ours is not None and theirs is not None and np.allclose(ours, theirs, atol=1e-2)


def test_a_photo_is_rebuilt_the_same(bundles: Store, compact: Vision, image: Image.Image) -> None:
    folder = bundles.current("compact")
    assert folder is not None
    features = compact.head("classify", image, SPLIT_AT)
    ours, theirs = (
        np.asarray(reconstruction.load(place).reconstruct(features, SPLIT_AT, 5), int)
        for place in (folder, catalogue.WEIGHTS / "compact")
    )
    assert np.abs(ours - theirs).max() <= 1


def test_models_with_towers_of_their_own_are_exported_too(
    small: Vision, small_folders: dict[str, Path], image: Image.Image, tmp_path: Path
) -> None:
    """A ViT and BLIPs, as the large profile has, without an adapter between tower and text model."""
    networks = loading.load(small.profile, torch.device("cpu"))
    for task, folder in small_folders.items():
        shutil.copytree(folder, tmp_path / task, ignore=shutil.ignore_patterns("*.safetensors"))
        export_module.write(tmp_path / task, networks[task], small.profile.split_points(task), "0" * 64, owns_tower=True)
    folders = {task: tmp_path / task for task in small_folders}
    exported = Vision(OnnxEngine(Profile.from_folders("small", folders), Resources(threads=1)))
    assert isinstance(small.engine, PartsEngine) and isinstance(exported.engine, PartsEngine)
    for task in small_folders:
        assert exported.run_whole(task, image, "how many dogs are there?").text == (
            small.run_whole(task, image, "how many dogs are there?").text
        )
        for k in small.profile.split_points(task):
            ours, theirs = (vision.engine.head(task, image, k) for vision in (exported, small))
            assert np.allclose(ours, theirs, atol=1e-4)


def test_it_is_small_and_needs_no_torch(bundles: Store) -> None:
    folder = bundles.current("compact")
    assert folder is not None
    assert sum(file["bytes"] for file in store.read_manifest(folder)["files"].values()) < 60e6
    code = (
        "import sys\n"
        "for name in ('torch', 'transformers', 'django', 'flwr'): sys.modules[name] = None\n"
        "from pathlib import Path\n"
        "from PIL import Image\n"
        "from inference.engine.engines.choice import choose\n"
        "from inference.engine.engines.engine import Resources\n"
        "from inference.engine.runner import Vision\n"
        f"vision = Vision(choose('compact', Path({str(folder)!r}), Resources(1)).engine)\n"
        "image = Image.new('RGB', (320, 240), 'red')\n"
        "for task in ('classify', 'caption', 'vqa'): print(vision.run_whole(task, image, 'what colour is it?').text)\n"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert len(shown.stdout.splitlines()) == 3


def test_it_is_made_once_for_each_set_of_weights(bundles: Store) -> None:
    folder = bundles.current("compact")
    assert folder is not None
    before = (folder / MANIFEST).stat().st_mtime_ns
    assert export(catalogue.profile("compact"), bundles) == folder and (folder / MANIFEST).stat().st_mtime_ns == before


@pytest.mark.parametrize("name", ["vqa/step.onnx", "classify/tower-pixels-8.onnx", "codec.safetensors", "vqa/tokenizer.json"])
@pytest.mark.parametrize("change", [lambda data: data[:-9], lambda data: data[:50] + b"\0" + data[51:], lambda data: b""])
def test_a_damaged_file_is_refused_before_it_is_read(copied: Store, name: str, change: Callable[[bytes], bytes]) -> None:
    folder = copied.current("compact")
    assert folder is not None
    file = folder / name
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(ModelsMissing, match=f"{name} is damaged or missing; remove its folder"):
        store.profile_of(folder)


def test_a_manifest_of_another_version_is_refused(copied: Store) -> None:
    folder = copied.current("compact")
    assert folder is not None
    for text in ("{}", "[]", "", json.dumps({**store.read_manifest(folder), "format": layout.FORMAT + 1})):
        (folder / MANIFEST).write_text(text)
        with pytest.raises(ModelsMissing, match="has no manifest of this version"):
            store.profile_of(folder)


def test_a_switch_that_was_cut_short_leaves_the_bundle_before(copied: Store) -> None:
    """Power lost while the next one was being written, and before it was named."""
    before = copied.current("compact")
    assert before is not None
    (copied.root / "compact" / "0123456789abcdef.part").mkdir()
    (copied.root / "compact" / f"{CURRENT}.part").write_text("0123456789abcdef")
    assert copied.current("compact") == before and store.damage(before) is None


def test_two_generations_stay(copied: Store) -> None:
    first = copied.current("compact")
    assert first is not None
    for name in ("b" * 16, "c" * 16):
        shutil.copytree(first, copied.folder("compact", name))
        copied.use("compact", name)
    folders = sorted(path.name for path in (copied.root / "compact").iterdir() if path.is_dir())
    assert folders == ["b" * 16, "c" * 16] and copied.current("compact") == copied.folder("compact", "c" * 16)


def test_a_pointer_to_nothing_is_no_bundle(copied: Store) -> None:
    (copied.root / "compact" / CURRENT).write_text("../../../etc")
    assert copied.current("compact") is None
