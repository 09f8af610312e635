"""The small ImageNet network that the tower is distilled from, with its last feature map as a second output.

MobileNetV2 (Sandler et al. 2018; google-coral/test_data, Apache-2.0), 8 bit. Needs `ai-edge-litert`, which nothing else in the
project needs.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

TEACHER_SIDE = 224
CLASSES = 24  # most probable classes of a crop; the others are below the teacher's 8-bit resolution
FEATURE_MAP = "MobileNetV2/expanded_conv_17/project/"  # the last bottleneck, [1, 7, 7, 320]
FEATURES = 64  # principal components stored of the 320 channels

Features = NDArray[np.float32]


class Teacher:
    """uint8 crop [h, w, 3] -> (class ids int16 [CLASSES], probabilities fp16 [CLASSES], features float32 [49, 320])."""

    def __init__(self, file: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self.net = Interpreter(model_content=with_feature_map(file), num_threads=1)
        self.net.allocate_tensors()
        self.input = self.net.get_input_details()[0]["index"]
        classes, features = self.net.get_output_details()
        self.classes, self.features = classes["index"], features["index"]
        self.scale, self.zero = features["quantization"]

    def __call__(self, crop: NDArray[np.uint8]) -> tuple[NDArray[np.int16], NDArray[np.float16], Features]:
        image = Image.fromarray(np.ascontiguousarray(crop)).resize((TEACHER_SIDE, TEACHER_SIDE), Image.Resampling.BILINEAR)
        self.net.set_tensor(self.input, np.asarray(image)[None])
        self.net.invoke()
        # Class 0 is "background" and is dropped; the others are in ImageNet's usual order.
        probabilities = self.net.get_tensor(self.classes)[0, 1:].astype(np.float32) / 256
        top = np.argsort(-probabilities)[:CLASSES]
        strongest = probabilities[top]
        features = (self.net.get_tensor(self.features)[0].reshape(49, -1).astype(np.float32) - self.zero) * self.scale
        return top.astype(np.int16), (strongest / max(float(strongest.sum()), 1e-6)).astype(np.float16), features


def with_feature_map(file: Path) -> bytes:
    """The same network with its last feature map as a second output. Preserving all tensors instead would disable the fast
    kernels, at six times the time."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(file.read_bytes(), 0)
    graph = model.subgraphs[0]
    hits = [
        i
        for i, tensor in enumerate(graph.tensors)
        if tensor.name.decode().startswith(FEATURE_MAP) and list(tensor.shape) == [1, 7, 7, 320]
    ]
    if len(hits) != 1:
        raise SystemExit(
            f"{file} is not the expected network: it has {len(hits)} feature maps of 7×7×320; use mobilenet_v2_imagenet.tflite."
        )
    graph.outputs = [*graph.outputs, hits[0]]
    model.signatureDefs = []
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


class PrincipalComponents:
    """The 320 channels projected to FEATURES principal components, as int8: 3 KB per crop instead of 63."""

    def __init__(self, mean: Features, basis: Features, scale: float) -> None:
        self.mean, self.basis, self.scale = mean, basis, scale

    @classmethod
    def fit(cls, features: Features) -> "PrincipalComponents":
        """features [n, 320]."""
        mean = features.mean(0)
        _, _, basis = np.linalg.svd(features - mean, full_matrices=False)
        basis = basis[:FEATURES].T
        # One scale for all components keeps their relative weight; int8 spans four standard deviations of the strongest.
        return cls(mean, basis, float(((features - mean) @ basis).std(0).max()) * 4 / 127)

    def pack(self, features: Features) -> NDArray[np.int8]:
        packed: NDArray[np.int8] = np.clip(np.rint((features - self.mean) @ self.basis / self.scale), -127, 127).astype(np.int8)
        return packed
