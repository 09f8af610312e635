"""The page's copy of the cost model (static/js/receipt/what-if.js) predicts and chooses as placement does."""

import json
import os
import random
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inference.placement.prediction import Candidate, predict
from inference.receipt import Receipt
from tests.placement.worlds import World, load, worlds

MODULE = Path(__file__).resolve().parents[2] / "static/js/receipt/what-if.js"
CASES = 600
RUN = """
import { readFileSync } from "node:fs";
import { choose, predict, previousOf, worldOf } from "./what-if.mjs";
const answers = JSON.parse(readFileSync(0, "utf8")).map(({ receipt, world, previous }) => {
  const { candidates, minimises } = receipt;
  const conditions = world ?? worldOf(receipt);
  const before = world ? candidates[previous] ?? null : previousOf(receipt);
  return {
    chosen: candidates.indexOf(choose(candidates, conditions, before, minimises).chosen.candidate),
    predicted: candidates.map((candidate) => predict(candidate, conditions)),
  };
});
console.log(JSON.stringify(answers));
"""


def run(tmp_path: Path, cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    node = shutil.which("node")
    if node is None:
        if os.environ.get("CI"):
            pytest.fail("Node is not installed; CI must compare what-if.js with the Python model.")
        pytest.skip("Node is not installed, so what-if.js cannot be compared with the Python model.")
    shutil.copy(MODULE, tmp_path / "what-if.mjs")
    (tmp_path / "run.mjs").write_text(RUN)
    done = subprocess.run([node, "run.mjs"], cwd=tmp_path, input=json.dumps(cases), text=True, capture_output=True, check=True)
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def index_of(option: Candidate, options: list[Candidate]) -> int:
    """By identity: options may be equal."""
    return next(index for index, candidate in enumerate(options) if candidate is option)


def elsewhere(world: World, rng: random.Random) -> tuple[World, float]:
    """The same candidates under another link, load and device speed, and how many times slower the device is."""
    times = rng.choice([1.0, 0.5, rng.uniform(0.25, 32)])
    rate = rng.choice([None, 10 ** rng.uniform(3.7, 6.7)])
    link = replace(world.link, up_bytes_per_s=rate, rtt_ms=rng.choice([None, rng.uniform(0, 200)]))
    other = replace(world, link=link, load=load(rng, world.load.edges)).slower_device(times)
    if world.previous is not None:
        other = replace(other, previous=other.options[index_of(world.previous, world.options)])
    return other, times


def test_predictions_and_choices_agree_in_any_other_world(tmp_path: Path) -> None:
    rng = random.Random(18)
    cases, expected = [], []
    for world in worlds(CASES, seed=18):
        other, times = elsewhere(world, rng)
        previous = None if world.previous is None else index_of(world.previous, world.options)
        conditions = {**other.conditions(), "slowdown": times}
        cases.append({"receipt": world.receipt(), "world": conditions, "previous": previous})
        predicted = [predict(option, other.link, other.load) for option in other.options]
        expected.append({"chosen": index_of(other.choose().chosen, other.options), "predicted": predicted})
    answers = run(tmp_path, cases)
    assert answers == expected  # to the last bit: both add the same numbers in the same order


def test_in_its_own_world_a_receipt_keeps_its_choice(tmp_path: Path) -> None:
    receipts: list[Receipt] = [world.receipt() for world in worlds(CASES, seed=19)]
    answers = run(tmp_path, [{"receipt": receipt, "world": None, "previous": None} for receipt in receipts])
    for receipt, answer in zip(receipts, answers, strict=True):
        assert receipt["candidates"][answer["chosen"]]["chosen"]
        stored = [candidate["predicted_ms"] for candidate in receipt["candidates"]]
        assert answer["predicted"] == stored


def test_receipts_without_the_newest_keys_are_understood(tmp_path: Path) -> None:
    receipts = [world.receipt() for world in worlds(100, seed=20) if world.policy.name != "least"]
    for receipt in receipts:
        del receipt["minimises"]
        for candidate in receipt["candidates"]:
            del candidate["needs_edge"]
    answers = run(tmp_path, [{"receipt": receipt, "world": None, "previous": None} for receipt in receipts])
    for receipt, answer in zip(receipts, answers, strict=True):
        assert receipt["candidates"][answer["chosen"]]["chosen"]
