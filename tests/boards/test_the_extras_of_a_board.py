"""On a board with the extras for answering and nothing of training: run by tests/boards/pythons.py, skipped elsewhere."""

from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

from devices.agent import training_supervisor

pytestmark = pytest.mark.skipif(find_spec("torch") is not None, reason="torch is here, so this is no light board")


def test_it_has_what_answers_and_nothing_of_training() -> None:
    assert all(find_spec(name) is not None for name in ("onnxruntime", "tokenizers", "safetensors", "rapidocr", "cv2"))
    assert not [name for name in ("torch", "transformers", "flwr", "django") if find_spec(name) is not None]
    assert training_supervisor.obstacle() == "Training needs torch and Flower; install isthmus-agent[training]."


def test_it_reads_text() -> None:
    from inference.engine.tasks import READ

    standalone = READ.standalone
    assert standalone is not None and standalone.problem() is None
    model = standalone.make(1)
    model.load()
    answer = model.answer(Image.fromarray(np.full((64, 96, 3), 255, np.uint8)), "what does it say?")
    assert not answer.lines


def test_the_feature_codes_can_be_read() -> None:
    from inference.engine import catalogue
    from inference.engine.codecs import learned_code

    profile = catalogue.profile("compact")
    file = profile.code_file
    assert file is not None
    for k, code in learned_code.load(file).items():
        tokens, width = profile.shape("classify").features[k]
        features = np.zeros((tokens, width), np.float32)
        assert len(code.encode(features, 1)) == code.sizes[0]
        assert code.decode(code.encode(features, 1), 1).shape == (tokens, width)
