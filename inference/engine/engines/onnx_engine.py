"""ONNX Runtime, in float32, on networks that were exported for it. No torch."""

import logging
import os
from pathlib import Path

import numpy as np
import onnxruntime

from devices.compute import nvidia
from inference.engine import tasks
from inference.engine.bundles import layout
from inference.engine.bundles.layout import CLASSIFIER, STEP, Description
from inference.engine.catalogue import ModelsMissing, Profile
from inference.engine.engines import engine
from inference.engine.engines.engine import Resources
from inference.engine.engines.networks import Linear, Networks
from inference.engine.engines.onnx_networks import CPU, CUDA, OnnxText, OnnxVision, Opener, Sessions
from inference.engine.engines.part import folder_of
from inference.engine.engines.parts_engine import PartsEngine

log = logging.getLogger(__name__)
NO_GPU = "The GPU is not used: ONNX Runtime lists it and does not compute on it."
NOT_BUILT = "The GPU is not used: this build of ONNX Runtime is for processors alone."


class OnnxEngine(PartsEngine):
    def __init__(self, profile: Profile, resources: Resources) -> None:
        """Loads the networks in the profile's folders: on a GPU, where this build of ONNX Runtime has one that computes. Raises
        ModelsMissing."""
        built, note = CUDA in onnxruntime.get_available_providers(), ""
        networks = _on_gpu(profile, resources.threads) if built and resources.gpu else None
        device = "cpu" if networks is None else "cuda"
        if networks is None:
            networks = load_networks(profile, Sessions(resources.threads))
            if resources.gpu and (built or nvidia.is_there()):
                note = NO_GPU if built else NOT_BUILT
        # A question alone gets all threads; of several each core takes its own, and none waits for another within a network.
        lanes = 1 if device == "cuda" else resources.threads or os.cpu_count() or 1
        super().__init__(profile, networks, engine.Description("onnx", device, "float32", size_of(profile), note), lanes)


def size_of(profile: Profile) -> int:
    """Bytes of all weights, a shared tower once."""
    folders = [folder_of(profile, name) for name in profile.on_towers]
    return sum(file.stat().st_size for folder in folders for file in [*folder.glob("*.onnx"), *folder.glob(CLASSIFIER)])


def _on_gpu(profile: Profile, threads: int | None) -> dict[str, Networks] | None:
    """None where the provider is listed and does not compute: a build for other GPUs lists it all the same."""
    try:
        networks = load_networks(profile, Sessions(threads, (CUDA, CPU)))
        for name in profile.on_towers:
            side = profile.image_size(name)
            networks[name].vision.whole(np.zeros((1, 3, side, side), np.float32))
    except ModelsMissing:
        raise
    except Exception:  # ONNX Runtime's errors have no common class
        log.exception("ONNX Runtime cannot use the GPU")
        return None
    vision = networks[profile.on_towers[0]].vision
    return networks if isinstance(vision, OnnxVision) and vision.provider == CUDA else None


def load_networks(profile: Profile, sessions: Sessions, towers: Opener | None = None) -> dict[str, Networks]:
    """By task. `towers`: what opens the pieces of towers, where that is not the sessions. Raises ModelsMissing."""
    networks: dict[str, Networks] = {}
    for name in profile.on_towers:  # in the order of the list: the task that lends its tower comes first
        networks[name] = _networks(sessions, towers or sessions, profile, name, networks.get(tasks.SHARED_TOWER))
    return networks


def _networks(sessions: Sessions, towers: Opener, profile: Profile, task: str, lender: Networks | None) -> Networks:
    folder = folder_of(profile, task)
    description = _description(folder)
    if description is None:
        raise ModelsMissing(f"{folder} holds no networks for ONNX Runtime; run `python manage.py models export`.")
    if not description["cuts"]:
        assert lender is not None, "a task without a tower of its own shares the classifier's"
        vision = lender.vision
    else:
        vision = OnnxVision(towers, folder, description["cuts"])
    return Networks(
        vision,
        bytes.fromhex(description["digest"]),
        bytes.fromhex(description["texts"]),
        description["places"],
        _linear(folder / CLASSIFIER),
        OnnxText(sessions, folder) if (folder / STEP).exists() else None,
    )


def _description(folder: Path) -> Description | None:
    try:
        return layout.read(folder)
    except (OSError, ValueError) as error:
        raise ModelsMissing(f"{folder / layout.NETWORKS} cannot be read ({error}); export the networks again.") from error


def _linear(file: Path) -> Linear | None:
    from safetensors.numpy import load_file

    if not file.exists():
        return None
    weights = load_file(file)
    return Linear(weights["weight"], weights["bias"])
