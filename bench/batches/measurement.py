"""Asks the running stack about the same photos in both ways, in turn."""

import io
import json
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from typing import Any
from uuid import UUID

import numpy as np
from PIL import Image

from bench.harness.processes import wait_for
from bench.harness.stack import Stack

QUESTION = "Is there a dog in this photo?"
BATCH_S = 1200
POLL_S = 0.05
WARM_UP = 4  # uncounted photos of each way: connections, first measurements of the links


@dataclass(frozen=True)
class Plan:
    rounds: int
    photos: int


FULL = Plan(rounds=6, photos=40)
QUICK = Plan(rounds=2, photos=16)


@dataclass
class Results:
    batch: list[float] = field(default_factory=list)  # answers per second of each round
    one_by_one: list[float] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)  # of the batches
    together: list[int] = field(default_factory=list)
    routes: Counter[str] = field(default_factory=Counter)


def measure(plan: Plan) -> dict[str, Any]:
    results = Results()
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder)) as stack:
        _ask_as_batch(stack, _photos(stack, range(WARM_UP)), Results())
        _ask_one_by_one(stack, _photos(stack, range(WARM_UP)))
        for number in range(plan.rounds):
            seeds = range((number + 1) * 1000, (number + 1) * 1000 + plan.photos)
            ways = [
                lambda photos: results.batch.append(_ask_as_batch(stack, photos, results)),
                lambda photos: results.one_by_one.append(_ask_one_by_one(stack, photos)),
            ]
            for way in ways if number % 2 else reversed(ways):
                way(_photos(stack, seeds))
    return _figures(plan, results)


def _receipts(stack: Stack, batch: str) -> list[dict[str, Any]]:
    """From the database: a person may not ask over HTTP for hundreds of answers at once."""
    query = "SELECT receipt FROM inference_step JOIN inference_turn ON turn_id = inference_turn.id WHERE conversation = ?"
    return [json.loads(receipt) for (receipt,) in stack.rows(query, UUID(batch).hex) if receipt]


def _ask_as_batch(stack: Stack, photos: list[str], results: Results) -> float:
    """Answers per second, from the request until the last answer."""
    started = time.perf_counter()
    reply = stack.owner.post("/api/v1/batches", json={"question": QUESTION, "photos": photos})
    assert reply.status_code == 201, reply.text
    batch: dict[str, Any] = reply.json()

    def done() -> bool:
        batch.update(stack.owner.get(f"/api/v1/batches/{batch['id']}").json())
        return bool(batch.get("state") == "done")

    wait_for(done, BATCH_S, "the batch was not done", every=4 * POLL_S)
    seconds = time.perf_counter() - started
    results.rows.append(batch)
    receipts = _receipts(stack, batch["id"])
    results.routes.update(receipt["route"] for receipt in receipts)
    results.together += [receipt["batch"] for receipt in receipts if receipt["edge"] and "batch" in receipt]
    return len(photos) / seconds


def _ask_one_by_one(stack: Stack, photos: list[str]) -> float:
    """As somebody who asks from the page as soon as an answer is there. The time between an answer and its being seen, half
    of POLL_S, is less than a person needs."""
    started = time.perf_counter()
    for photo in photos:
        turn = stack.put(QUESTION, photo=photo)
        while stack.turn(turn["id"]).get("state") not in ("answered", "failed", "stopped"):
            time.sleep(POLL_S)
    return len(photos) / (time.perf_counter() - started)


def _photos(stack: Stack, seeds: range) -> list[str]:
    """Stored anew, so that no node has seen them."""
    return [stack.upload(_photo(seed)) for seed in seeds]


def _photo(seed: int) -> bytes:
    """About 60 KB: blocks with some grain."""
    random = np.random.default_rng(seed)
    blocks = Image.fromarray(random.integers(0, 256, (6, 8, 3), np.uint8)).resize((640, 480), Image.Resampling.BICUBIC)
    grain = random.normal(0, 12, (480, 640, 1))
    out = io.BytesIO()
    Image.fromarray(np.clip(np.asarray(blocks) + grain, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=88)
    return out.getvalue()


def _figures(plan: Plan, results: Results) -> dict[str, Any]:
    gains = [ours / theirs for ours, theirs in zip(results.batch, results.one_by_one, strict=True)]
    photos, link = (sum(row["bytes"][name] for row in results.rows) for name in ("photos", "link"))
    return {
        "photos": plan.photos,
        "batch_per_s": round(median(results.batch), 2),
        "one_by_one_per_s": round(median(results.one_by_one), 2),
        "gain": round(median(gains), 2),
        "gain_low": round(min(gains), 2),
        "gain_high": round(max(gains), 2),
        "photo_bytes": photos,
        "link_bytes": link,
        "bytes_saved": photos - link,
        "together": round(mean(results.together), 2) if results.together else None,
        "routes": dict(results.routes),
        "failed": sum(row["counts"]["failed"] for row in results.rows),
        "rounds": plan.rounds,
        "question": QUESTION,
    }
