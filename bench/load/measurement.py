"""Rates by the number of people who ask, and the memory of the running stack while as many ask as it can take."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import numpy as np

from bench.harness.stack import Stack
from bench.load.memory import Memory
from bench.load.person import Answer, Person, people

ENOUGH = 0.9  # of the best rate
SAMPLES = 100  # of memory, over the second part


class Rate(TypedDict):
    per_s: float
    p50_ms: float
    p95_ms: float


class Figures(TypedDict):
    rates: dict[str, Rate]
    knee: int
    seconds: float
    per_s: float
    p50_ms: float
    p95_ms: float
    answered: int
    failed: int
    memory_mb: list[int]
    growth: float
    by_process: dict[str, list[int]]


def measure(counts: Sequence[int], each_s: float, long_s: float) -> Figures:
    options = ("--devices", "2", "--uplink", "10000000", "--slowdown", "1")
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder), *options) as stack:
        everybody = people(stack, max(counts))
        rates = {count: rate_of(asyncio.run(ask(everybody[:count], each_s)), each_s) for count in counts}
        knee = knee_of(rates)
        memory = Memory(stack.process.pid)
        answers = asyncio.run(ask(everybody[:knee], long_s, memory))
    return {
        "rates": {str(count): rate for count, rate in rates.items()},
        "knee": knee,
        "seconds": long_s,
        **rate_of(answers, long_s),
        "answered": sum(answer.answered for answer in answers),
        "failed": sum(not answer.answered for answer in answers),
        "memory_mb": memory.early_and_late(),
        "growth": memory.growth(),
        "by_process": memory.by_process(),
    }


async def ask(askers: Sequence[Person], seconds: float, memory: Memory | None = None) -> list[Answer]:
    """The answers that came within that time."""
    until = time.monotonic() + seconds
    for asker in askers:
        asker.answers.clear()

    async def watch() -> None:
        while memory and time.monotonic() < until:
            await asyncio.to_thread(memory.sample)
            await asyncio.sleep(seconds / SAMPLES)

    await asyncio.gather(watch(), *(asker.ask(lambda: time.monotonic() < until) for asker in askers))
    return [answer for asker in askers for answer in asker.answers if answer.at < until]


def rate_of(answers: Sequence[Answer], seconds: float) -> Rate:
    if not answers:
        raise SystemExit("No question was answered in this time.")
    times = [answer.ms for answer in answers]
    return {
        "per_s": round(len(answers) / seconds, 2),
        "p50_ms": round(statistics.median(times), 1),
        "p95_ms": round(float(np.percentile(times, 95)), 1),
    }


def knee_of(rates: dict[int, Rate]) -> int:
    best = max(rate["per_s"] for rate in rates.values())
    return min(count for count, rate in rates.items() if rate["per_s"] >= ENOUGH * best)
