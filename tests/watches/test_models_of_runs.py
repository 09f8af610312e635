"""The model of a training run on the device: fetched once, only if it is signed and whole; what the device says otherwise."""

import hashlib
from pathlib import Path

import pytest

from devices.agent.server import Server, Unreachable
from devices.agent.watching import weights as weights_module
from devices.agent.watching.judge import NotNow
from devices.agent.watching.weights import Weights
from devices.contract.watches import TrainedWatcher
from tests.watches.board import Board

TOKEN = "the token of this node"
KEY = hashlib.sha256(TOKEN.encode()).hexdigest()
DATA = b"weights"


def watcher(data: bytes = DATA, run: int = 3) -> TrainedWatcher:
    digest = hashlib.sha256(data).hexdigest()
    return TrainedWatcher(run=run, digest=digest, bytes=len(data), card={"classes": ["whiskers", "nobody"]}).signed(KEY)


class Shelf(Server):
    """A server that has these bytes under every digest; None: it does not answer."""

    def __init__(self, data: bytes | None = DATA) -> None:
        super().__init__("http://127.0.0.1:9", TOKEN)
        self.data, self.calls = data, 0

    def download(self, path: str, part: Path, size: int, advanced: object = None) -> None:
        self.calls += 1
        if self.data is None:
            raise Unreachable("http://127.0.0.1:9 does not answer.")
        part.write_bytes(self.data)


def test_a_model_is_fetched_once_and_serves_after_a_restart_without_the_server(tmp_path: Path) -> None:
    shelf = Shelf()
    assert Weights(tmp_path, shelf).of(watcher()) == DATA
    shelf.data = None
    assert Weights(tmp_path, shelf).of(watcher()) == DATA and shelf.calls == 1


def test_an_offer_that_is_not_signed_for_this_node_is_not_fetched(tmp_path: Path) -> None:
    shelf = Shelf()
    unsigned = watcher().model_copy(update={"signature": ""})
    foreign = watcher().signed(hashlib.sha256(b"the token of another node").hexdigest())
    altered = watcher().model_copy(update={"digest": hashlib.sha256(b"other weights").hexdigest()})
    for offer in (unsigned, foreign, altered):
        with pytest.raises(NotNow, match="not signed by this node's server"):
            Weights(tmp_path, shelf).of(offer)
    assert shelf.calls == 0 and not list(tmp_path.iterdir())


def test_a_damaged_model_is_refused_and_fetched_again_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(b"damaged")
    weights = Weights(tmp_path, shelf)
    for _ in range(2):  # the second time without asking the server
        with pytest.raises(NotNow, match="arrived damaged"):
            weights.of(watcher())
    assert shelf.calls == 1 and not list(tmp_path.iterdir())
    shelf.data = DATA
    monkeypatch.setattr(weights_module.time, "monotonic", lambda: 1e9)
    assert weights.of(watcher()) == DATA


def test_each_of_the_watches_of_a_node_may_have_another_model(tmp_path: Path) -> None:
    shelf = Shelf()
    weights = Weights(tmp_path, shelf)
    for number in range(20):
        shelf.data = f"weights {number}".encode()
        weights.of(watcher(shelf.data))
    assert len(list(tmp_path.glob("*.safetensors"))) == weights_module.MOST >= 16


def test_a_watch_says_why_it_is_not_evaluated_until_it_is(board: Board) -> None:
    board.empty(2)
    assert board.camera.unable == {}
    board.eye.away = True
    board.visited(2)
    assert board.camera.unable == {1: "The models are being changed."}
    board.eye.away = False
    board.visited(1)
    assert board.camera.unable == {}
