"""Each large model is pinned to a commit and a digest, in one place; an own mirror's versions are named in a file."""

import json
import re
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from inference.engine import catalogue
from inference.engine.hub import pins
from inference.engine.hub.pins import PINS, PinsError

PAPER = catalogue.profile("paper")


def test_every_large_model_is_pinned_to_a_full_commit_and_a_digest() -> None:
    assert {pin.repository for pin in PINS} == {PAPER.models[task] for task in PAPER.on_towers}
    for pin in PINS:
        assert re.fullmatch("[0-9a-f]{40}", pin.revision) and re.fullmatch("[0-9a-f]{64}", pin.sha256) and pin.bytes > 10**8


def test_own_pins_go_before_the_bundled_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = replace(PINS[0], revision="a" * 40)
    (tmp_path / "pins.json").write_text(json.dumps([asdict(own)]))
    monkeypatch.setenv("ISTHMUS_MODEL_PINS", str(tmp_path / "pins.json"))
    assert pins.of(PINS[0].repository) == own and pins.of(PINS[1].repository) == PINS[1]


def test_a_model_that_is_not_pinned_is_refused() -> None:
    with pytest.raises(PinsError, match="No revision of somebody/else is pinned; add it"):
        pins.of("somebody/else")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("no json", "cannot be used"),
        ("{}", "a list of objects"),
        ('[{"repository": "a/b"}]', "a list of objects with bytes, repository, revision, sha256, weights"),
        (json.dumps([asdict(PINS[0]) | {"revision": "main"}]), "needs a full commit hash"),
        (
            json.dumps([asdict(PINS[0]) | {"weights": "weights.pkl"}]),
            "needs the bytes of its model.safetensors or pytorch_model.bin",
        ),
    ],
)
def test_a_damaged_file_of_pins_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, words: str
) -> None:
    (tmp_path / "pins.json").write_text(content)
    monkeypatch.setenv("ISTHMUS_MODEL_PINS", str(tmp_path / "pins.json"))
    with pytest.raises(PinsError, match=re.escape(words)):
        pins.of(PINS[0].repository)
