"""A GPU that fails in the middle of an answer leaves it to the processor; later it is tried again."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import redis
import torch
from PIL import Image

from inference.engine import catalogue
from inference.engine.catalogue import Profile
from inference.engine.engines import NoEngine, gpu_fallback, torch_networks
from inference.engine.engines.engine import Engine, GpuFailed, Query
from inference.engine.engines.gpu_fallback import GpuWithFallback
from inference.engine.engines.networks import Array
from inference.engine.engines.torch_engine import TorchEngine
from inference.engine.engines.torch_networks import TorchVision
from inference.engine.runner import Vision
from inference.stages.capability import Answering
from tests.node import Node, jpeg
from tests.one_query import tail, whole

GPU = torch.device("meta")  # it takes tensors and gives no results
FAILED = "The GPU is not used: it failed ("


class OnGpu(TorchEngine):
    """The real engine, said to be on a GPU; once that is `broken`, its tensors go where nothing is computed."""

    def __init__(self, profile: Profile) -> None:
        super().__init__(profile, threads=1)
        self.description = replace(self.description, device="cuda", precision="float16")

    def broken(self) -> None:
        for part in self.parts.values():
            assert isinstance(part.networks.vision, TorchVision)
            part.networks.vision.device = GPU


@pytest.fixture
def profile() -> Profile:
    return catalogue.profile("compact")


@pytest.fixture
def gpu(profile: Profile) -> OnGpu:
    return OnGpu(profile)


@pytest.fixture
def guarded(gpu: OnGpu, profile: Profile) -> GpuWithFallback:
    return GpuWithFallback(gpu, lambda: OnGpu(profile), lambda: TorchEngine(profile, threads=1))


def test_an_error_on_the_gpu_is_a_sentence(gpu: OnGpu, image: Image.Image) -> None:
    gpu.broken()
    with pytest.raises(GpuFailed, match=r"The GPU is not used: it failed \("):
        whole(gpu, "classify", image)


@pytest.mark.filterwarnings("ignore:.*CUDA is not available")
def test_memory_that_is_used_up_is_a_sentence() -> None:
    with (
        pytest.raises(GpuFailed, match=r"The GPU is not used: its memory is used up\."),
        torch_networks._computing(torch.device("cuda")),
    ):
        raise torch.OutOfMemoryError("CUDA out of memory")


@pytest.mark.parametrize("part", ["whole", "head", "tail", "evidence", "evidence_of"])
def test_every_part_of_an_answer_falls_back(
    part: str, guarded: GpuWithFallback, gpu: OnGpu, compact: Vision, image: Image.Image
) -> None:
    k = guarded.profile.split_points("classify")[-1]
    features = compact.engine.head("classify", image, k)
    text = whole(compact.engine, "classify", image).text
    calls: dict[str, Callable[[Engine], object]] = {
        "whole": lambda engine: whole(engine, "vqa", image, "what colour is it?").text,
        "head": lambda engine: engine.head("classify", image, k).tolist(),
        "tail": lambda engine: tail(engine, "caption", features, k).text,
        "evidence": lambda engine: engine.evidence("classify", image, "", text).tolist(),  # type: ignore[union-attr]
        "evidence_of": lambda engine: engine.evidence_of("classify", features, k, "", text).tolist(),  # type: ignore[union-attr]
    }
    changes: list[str] = []
    guarded.changed = lambda: changes.append(guarded.description.device)
    gpu.broken()
    assert calls[part](guarded) == calls[part](compact.engine)
    assert changes == ["cpu"] and guarded.description.note.startswith(FAILED)
    assert (guarded.description.precision, guarded.digests("vqa")) == ("float32", compact.engine.digests("vqa"))


def test_photos_that_are_too_many_for_the_gpu_together_do_not_leave_it(
    guarded: GpuWithFallback, gpu: OnGpu, image: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller computes them one by one."""
    vision = gpu.parts["classify"].networks.vision
    alone = vision.whole

    def small(pixels: Array) -> Array:
        if len(pixels) > 1:
            raise GpuFailed("The GPU is not used: its memory is used up.")
        return alone(pixels)

    monkeypatch.setattr(vision, "whole", small)
    query = Query("classify", "")
    with pytest.raises(MemoryError, match="its memory is used up"):
        guarded.wholes([query, query], [image, image])
    assert whole(guarded, "classify", image).text and guarded.description.device == "cuda"


def test_the_gpu_is_tried_again_after_a_while(
    guarded: GpuWithFallback, gpu: OnGpu, image: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu.broken()
    whole(guarded, "classify", image)
    whole(guarded, "classify", image)
    assert guarded.description.device == "cpu"
    monkeypatch.setattr(gpu_fallback.time, "monotonic", lambda: 1e9)
    whole(guarded, "classify", image)
    assert (guarded.description.device, guarded.description.note) == ("cuda", "")


def test_a_gpu_that_is_still_full_leaves_the_processor_at_work(
    gpu: OnGpu, profile: Profile, image: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[str] = []

    def full() -> Engine:
        loads.append("gpu")
        if len(loads) == 1:
            raise GpuFailed("The GPU is not used: its memory is used up.")
        return TorchEngine(profile, threads=1)  # which has gone to the processor by itself

    guarded = GpuWithFallback(gpu, full, lambda: TorchEngine(profile, threads=1))
    gpu.broken()
    for late in (0.0, 1e9, 2e9):
        monkeypatch.setattr(gpu_fallback.time, "monotonic", lambda late=late: late)
        assert whole(guarded, "classify", image).text
        assert guarded.description.device == "cpu" and guarded.description.note.startswith(FAILED)
    assert loads == ["gpu", "gpu"]


def test_where_the_processor_cannot_either_the_job_goes_to_another_node(
    gpu: OnGpu, profile: Profile, image: Image.Image
) -> None:
    def none() -> Engine:
        raise NoEngine("No engine can compute on the processor either.")

    guarded = GpuWithFallback(gpu, lambda: OnGpu(profile), none)
    gpu.broken()
    with pytest.raises(MemoryError, match=r"it failed .*No engine can compute on the processor either\."):
        whole(guarded, "classify", image)


def test_a_node_answers_all_the_same_and_reports_what_computes_now(
    store: "redis.Redis[bytes]", redis_url: str, tmp_path: Path, guarded: GpuWithFallback, gpu: OnGpu, compact: Vision
) -> None:
    node, whole = Node("jetson-a", redis_url, tmp_path, Vision(guarded)), Vision(compact.engine)
    reports: list[dict[str, object]] = []
    node.runtime.report = lambda profile: reports.append(dict(profile))
    answering = Answering()
    answering.stages = node.stages
    guarded.changed = lambda: answering._report_soon(node.runtime, node.vision, "")
    picture = jpeg(Image.new("RGB", (64, 48), "red"))
    node.lay("p1", picture)
    node.call("place", photo="p1")
    gpu.broken()
    done = node.call("run_whole", task="classify", question=None, photo="p1")
    assert done["answer"]["text"]
    assert whole.digest == node.vision.digest
    until = time.monotonic() + 120
    while not reports and time.monotonic() < until:
        time.sleep(0.05)
    (report,) = reports
    assert report["engine"]["device"] == "cpu" and report["engine"]["reason"].startswith(FAILED)  # type: ignore[index]
    assert set(report["tasks"]) >= {"classify", "caption", "vqa"}  # type: ignore[call-overload]
