"""The photo rebuilt from features: the decoder's file, what it refuses, and that it learns."""

from pathlib import Path

import numpy as np
import pytest
import torch

from inference.engine import catalogue, reconstruction
from inference.engine.codecs import feature_code
from inference.engine.reconstruction import ReconstructionError, decoder
from inference.engine.reconstruction.decoder import Decoder, Shape
from inference.lab.codes import train_reconstruction as training
from inference.lab.measures import image_metrics
from tests.engine.conftest import draw

SHAPE = Shape(image_size=32, patch=8, width=24, levels=3)
TOKENS = 17


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Stand-ins for the tower and the code that a decoder is made for, with a decoder beside them."""
    (tmp_path / "classify").mkdir()
    (tmp_path / "classify" / "model.safetensors").write_bytes(b"tower")
    (tmp_path / "codec.safetensors").write_bytes(b"code")
    torch.manual_seed(0)
    decoder.save(tmp_path / reconstruction.FILE, {0: Decoder(SHAPE), 2: Decoder(SHAPE)})
    return tmp_path


@pytest.fixture
def features() -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    return np.random.default_rng(0).normal(size=(TOKENS, SHAPE.width)).astype(np.float32)


def sent(photos: int = 48) -> training.Sent:
    """Photos whose features are a fixed linear view of each patch, sent with a code that needs no data."""
    pixels = np.stack([np.asarray(draw(seed, (32, 32))) for seed in range(photos)])
    patches = pixels.reshape(photos, 4, 8, 4, 8, 3).transpose(0, 1, 3, 2, 4, 5).reshape(photos, 16, -1) / 255.0
    view = np.random.default_rng(1).normal(size=(patches.shape[-1], SHAPE.width)) / 8
    features = np.concatenate([np.zeros((photos, 1, SHAPE.width)), patches @ view], 1).astype(np.float32)
    code = feature_code.PooledCode(TOKENS, SHAPE.width)
    payloads = [code.encode(one, len(code.sizes)) for one in features]
    return training.Sent(pixels, {0: code}, {0: payloads})


def test_a_saved_decoder_rebuilds_a_photo_of_the_models_size(folder: Path, features: np.ndarray) -> None:
    image = reconstruction.load(folder).reconstruct(features, k=2, level=3)
    assert (image.mode, image.size) == ("RGB", (32, 32))


def test_one_photo_is_rebuilt_alone_as_among_others(folder: Path, features: np.ndarray) -> None:
    reconstructor = reconstruction.load(folder)
    many = reconstructor.batch(np.stack([features, 2 * features]), 0, [1, 2])
    assert np.abs(np.asarray(reconstructor.reconstruct(features, 0, 1)).astype(int) - many[0]).max() <= 1


@pytest.mark.parametrize("name", ["classify/model.safetensors", "codec.safetensors"])
def test_a_decoder_for_other_weights_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"another one")
    with pytest.raises(ReconstructionError, match="was trained for other weights"):
        reconstruction.load(folder)


def test_a_missing_decoder_names_the_command(folder: Path) -> None:
    (folder / reconstruction.FILE).unlink()
    with pytest.raises(ReconstructionError, match=r"is missing; run `python -m inference\.lab\.codes\.train_reconstruction`"):
        reconstruction.load(folder)


def test_a_cut_file_is_refused(folder: Path) -> None:
    file = folder / reconstruction.FILE
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ReconstructionError, match="is not a reconstruction decoder"):
        reconstruction.load(folder)


@pytest.mark.parametrize(("k", "level"), [(1, 1), (0, 0), (0, 4)])
def test_a_split_point_or_level_it_was_not_trained_on_is_refused(
    folder: Path, features: np.ndarray, k: int, level: int
) -> None:
    with pytest.raises(ReconstructionError, match=f"no reconstruction for level {level} after block {k}"):
        reconstruction.load(folder).reconstruct(features, k, level)


def test_features_of_another_shape_are_refused(folder: Path, features: np.ndarray) -> None:
    with pytest.raises(ReconstructionError, match="another shape"):
        reconstruction.load(folder).reconstruct(features[:, :-1], 0, 1)


def test_it_starts_as_the_least_squares_inverse_and_improves(tmp_path: Path) -> None:
    photos, psnr = sent(), []
    for steps in (0, 60):
        torch.manual_seed(0)
        network = Decoder(SHAPE)
        training.solve(network, photos, 0) if not steps else training.learn(network, photos, 0, steps, tmp_path / "a.pt", {})
        rows = training.measure(decoder.reconstructor({0: network}), photos)
        (best,) = [row for row in rows if (row["split_at"], row["level"]) == (0, 3)]
        psnr.append(best["psnr"])
    grey = image_metrics.psnr(
        photos.pixels, np.broadcast_to(photos.pixels.mean((0, 1, 2)).astype(np.uint8), photos.pixels.shape)
    ).mean()
    assert psnr[0] > grey + 3
    assert psnr[1] > psnr[0]


def test_stopped_training_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "CHECKPOINT_EVERY", 5)
    shown, file = sent(), tmp_path / "checkpoint.pt"
    torch.manual_seed(0)
    straight = Decoder(SHAPE)
    training.learn(straight, shown, 0, 10, tmp_path / "straight.pt", {})

    class StoppedError(Exception):
        pass

    real = training.draw

    def stops(code: feature_code.Code, photos: int, count: int, step: int) -> tuple:
        if step == 7 and count == training.BATCH:
            raise StoppedError
        return real(code, photos, count, step)

    torch.manual_seed(0)
    first = Decoder(SHAPE)
    monkeypatch.setattr(training, "draw", stops)
    with pytest.raises(StoppedError):
        training.learn(first, shown, 0, 10, file, {})
    monkeypatch.setattr(training, "draw", real)
    again = Decoder(SHAPE)
    training.learn(again, shown, 0, 10, file, {})
    for name, value in straight.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_another_towers_checkpoint_is_not_resumed(tmp_path: Path) -> None:
    shown, file = sent(), tmp_path / "checkpoint.pt"
    training.learn(Decoder(SHAPE), shown, 0, 1, file, {"tower": "a"})
    training.learn(Decoder(SHAPE), shown, 0, 1, file, {"tower": "b"})
    assert torch.load(file, weights_only=True)["recipe"]["tower"] == "b"


def test_identical_photos_have_the_highest_psnr_and_an_ssim_of_one() -> None:
    photos = np.asarray(draw(0, (32, 32)))[None]
    assert image_metrics.psnr(photos, photos)[0] == image_metrics.IDENTICAL
    assert image_metrics.ssim(photos, photos)[0] == pytest.approx(1)


def test_psnr_follows_its_definition() -> None:
    grey = np.full((1, 32, 32, 3), 100, np.uint8)
    assert image_metrics.psnr(grey, grey + 5)[0] == pytest.approx(20 * np.log10(255 / 5))


def test_ssim_of_flat_photos_is_its_luminance_term() -> None:
    first, second = np.full((1, 32, 32, 3), 100, np.uint8), np.full((1, 32, 32, 3), 150, np.uint8)
    c1 = (0.01 * 255) ** 2
    assert image_metrics.ssim(first, second)[0] == pytest.approx((2 * 100 * 150 + c1) / (100**2 + 150**2 + c1))


def test_the_bundled_decoder_fits_the_bundled_weights_and_its_figures_the_code() -> None:
    folder, profile = catalogue.WEIGHTS / "compact", catalogue.profile("compact")
    assert tuple(reconstruction.load(folder).decoders) == profile.split_points("classify")
    measured = {(one["split_at"], one["level"]) for one in profile.card["rebuild"]}
    assert measured == {(k, one.level) for k in profile.split_points("classify") for one in profile.code_levels("classify", k)}
