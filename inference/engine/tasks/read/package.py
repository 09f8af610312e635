"""The OCR models inside the rapidocr package: where they are, and whether they are the ones that were measured. No torch.

The package would download a model that it misses. Here its files are named and checked, so that it never does.
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path

from inference.engine.digests import sha256

VERSION = "3.10.0"
DETECTOR, DIRECTIONS, RECOGNISER = "PP-OCRv6_det_small.onnx", "ch_ppocr_mobile_v2.0_cls_mobile.onnx", "PP-OCRv6_rec_small.onnx"
DIGESTS = {
    DETECTOR: "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    DIRECTIONS: "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c",
    RECOGNISER: "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
}
DIGEST = hashlib.sha256("".join(DIGESTS[name] for name in sorted(DIGESTS)).encode()).hexdigest()
PACKAGES = ("rapidocr", "onnxruntime", "cv2")
INSTALL = f"run `python -m pip install --force-reinstall rapidocr=={VERSION}`, then restart"


def folder() -> Path | None:
    """Of the model files; None where the package is missing. Imports nothing."""
    spec = find_spec("rapidocr")
    return Path(spec.origin).parent / "models" if spec is not None and spec.origin else None


def problem() -> str | None:
    """Why this machine cannot read text, with the remedy."""
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        return f"Text in photos cannot be read here because {missing[0]} is not installed; {INSTALL}."
    root = folder()
    for name, digest in DIGESTS.items():
        if root is None or sha256(root / name) != digest:
            return f"Text in photos cannot be read here because {name} is damaged or of another version; {INSTALL}."
    return None
