"""The large models from a real HTTP server: resumed, verified, safetensors only, and a sentence for each fault."""

import shutil
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants

from inference.engine import catalogue, runner
from inference.engine.hub import download, fetch, pins, snapshot
from inference.engine.hub.fetch import FetchFailed, Progress
from inference.engine.hub.pins import CHECKPOINT, WEIGHTS
from tests.engine.conftest import draw
from tests.hub.server import Hub

VIT, CAPTION, VQA = "google/vit-base-patch16-224", "Salesforce/blip-image-captioning-base", "Salesforce/blip-vqa-base"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda s: None)
    monkeypatch.setattr(download, "CHUNK", 4096)


def test_everything_is_fetched_verified_and_can_be_loaded(hub: Hub) -> None:
    seen: list[tuple[int, int]] = []
    fetch.fetch(Progress(changed=lambda progress: seen.append((progress.done, progress.total))))
    profile = catalogue.profile("paper")
    assert catalogue.missing(profile) == []
    assert runner.load(profile, threads=1).run_whole("vqa", draw(1), "how many dogs are there?").text
    done = [amount for amount, _ in seen]
    assert done == sorted(done) and seen[-1][0] == seen[-1][1] > 100_000


def test_nothing_is_downloaded_twice(hub: Hub) -> None:
    fetch.fetch(Progress())
    sent = hub.sent
    fetch.fetch(Progress())
    assert hub.sent == sent


def test_a_checkpoint_of_torch_becomes_safetensors_and_goes(hub_of_checkpoints: Hub) -> None:
    fetch.fetch(Progress())
    assert catalogue.missing(catalogue.profile("paper")) == []
    place = snapshot.folder(pins.of(CAPTION))
    assert (place / WEIGHTS).exists() and not (place / CHECKPOINT).exists()
    assert not list(Path(constants.HF_HUB_CACHE).rglob(CHECKPOINT))


def test_pickles_beside_safetensors_are_never_fetched(hub: Hub) -> None:
    fetch.fetch(Progress())
    assert not any(VQA in path and path.endswith(CHECKPOINT) for path, _ in hub.requests)


def test_a_checkpoint_that_runs_code_is_not_opened(hub_of_checkpoints: Hub, tmp_path: Path) -> None:
    """Even if somebody pinned it."""

    class Hostile:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (tmp_path / "ran",))  # type: ignore[return-value]

    torch.save({"weights": Hostile(), "more": torch.zeros(50_000)}, tmp_path / "caption" / CHECKPOINT)
    hub_of_checkpoints.write_pins(tmp_path / "pins.json")
    with pytest.raises(FetchFailed, match="cannot be converted to safetensors"):
        fetch.fetch(Progress())
    assert not (tmp_path / "ran").exists()


def test_a_connection_that_is_cut_again_and_again_still_ends_complete(hub: Hub) -> None:
    hub.cut_after, hub.cuts = 60_000, 6
    fetch.fetch(Progress())
    assert catalogue.missing(catalogue.profile("paper")) == []
    assert any(sent_range for _, sent_range in hub.requests)


def test_a_later_process_resumes_where_this_one_was_cut(hub: Hub) -> None:
    hub.cut_after, hub.cuts = 0, 10**9  # nothing but headers: the library gives up after five tries
    with pytest.raises(FetchFailed):
        fetch.fetch(Progress())
    hub.cut_after, hub.cuts, hub.status = 50_000, 1, 200
    weights = download.RemoteFile(pins.of(VIT), WEIGHTS, pins.of(VIT).bytes, pins.of(VIT).sha256)
    weights.part.parent.mkdir(parents=True, exist_ok=True)
    weights.part.write_bytes((hub.folders[VIT] / WEIGHTS).read_bytes()[:40_000])
    hub.requests.clear()
    progress = Progress()
    fetch.fetch(progress)
    assert (f"/{VIT}/resolve/{hub.commit(VIT)}/{WEIGHTS}", "bytes=40000-") in hub.requests
    assert progress.done == progress.total


def test_a_server_without_ranges_sends_the_whole_file_again(hub: Hub) -> None:
    hub.ranges = False
    weights = download.RemoteFile(pins.of(VIT), WEIGHTS, pins.of(VIT).bytes, pins.of(VIT).sha256)
    weights.part.parent.mkdir(parents=True, exist_ok=True)
    weights.part.write_bytes(b"x" * 40_000)
    fetch.fetch(Progress())
    assert catalogue.missing(catalogue.profile("paper")) == []


def test_content_with_another_digest_is_refused_and_leaves_nothing(hub: Hub) -> None:
    hub.tampered = WEIGHTS
    with pytest.raises(FetchFailed, match=r"was refused: what arrived as model\.safetensors has another digest") as caught:
        fetch.fetch(Progress())
    assert str(caught.value).endswith("check HF_ENDPOINT and the proxy if it stays so.")
    pin = pins.of(VIT)
    assert not snapshot.is_complete(pin) and not download.RemoteFile(pin, WEIGHTS, pin.bytes, pin.sha256).part.exists()


def test_a_small_file_with_other_content_is_refused_too(hub: Hub) -> None:
    hub.tampered = "config.json"
    with pytest.raises(FetchFailed, match=r"what arrived as config\.json has another digest"):
        fetch.fetch(Progress())


def test_a_hub_that_lists_other_weights_than_the_pinned_ones_is_refused(hub: Hub, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    shutil.copytree(hub.folders[VIT], folder)
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes() + b"more")
    hub.folders[VIT] = folder  # the pins were written before
    with pytest.raises(FetchFailed, match="the hub names other weights"):
        fetch.fetch(Progress())


@pytest.mark.parametrize(("status", "words"), [(404, "answered 404"), (503, "answered 503")])
def test_what_the_hub_refuses_is_one_sentence(hub: Hub, status: int, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda s: None)
    hub.status = status
    with pytest.raises(FetchFailed, match=words) as caught:
        fetch.fetch(Progress())
    assert VIT in str(caught.value) and str(caught.value).endswith("check HF_ENDPOINT, or try again later.")


def test_a_file_that_is_listed_and_not_there_is_one_sentence(hub: Hub) -> None:
    hub.missing = WEIGHTS
    with pytest.raises(FetchFailed, match="answered 404 for google/vit-base-patch16-224 at revision"):
        fetch.fetch(Progress())


def test_no_hub_at_all_names_the_internet_the_proxy_and_the_folder(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda s: None)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(FetchFailed) as caught:
        fetch.fetch(Progress())
    assert str(caught.value) == (
        "The model hub cannot be reached for google/vit-base-patch16-224. Connect this machine to the internet, name a proxy "
        "in HTTPS_PROXY or a mirror in HF_ENDPOINT, and start it again; or put the folders classify, caption and vqa in one "
        "folder and name it in ISTHMUS_MODELS."
    )


def test_too_little_disk_is_said_before_anything_is_sent(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda place: shutil._ntuple_diskusage(10**9, 10**9, 1000))
    with pytest.raises(FetchFailed, match=r"need 0\.\d GB more on the disk of .* where 0\.0 GB are free; make room there"):
        fetch.fetch(Progress())
    assert hub.sent == 0


def test_weights_that_changed_on_the_disk_are_noticed(hub: Hub) -> None:
    fetch.fetch(Progress())
    file = snapshot.folder(pins.of(VQA)) / WEIGHTS
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.resolve().write_bytes(data)
    assert catalogue.missing(catalogue.profile("paper")) == [
        "The vqa model is not complete, or not what was pinned; run `python manage.py models fetch`."
    ]


def test_a_copy_of_the_cache_is_hashed_and_accepted(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch.fetch(Progress())
    shutil.copytree(tmp_path / "cache", tmp_path / "copy", symlinks=True, copy_function=shutil.copyfile)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "copy"))
    assert catalogue.missing(catalogue.profile("paper")) == []


def test_two_fetches_at_once_do_not_write_into_one_file(hub: Hub) -> None:
    weights = download.RemoteFile(pins.of(VIT), WEIGHTS, pins.of(VIT).bytes, pins.of(VIT).sha256)
    with download._locked(weights.part), pytest.raises(FetchFailed, match="is being fetched by another process"):
        fetch.fetch(Progress())
