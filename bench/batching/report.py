"""From what the callers measured to the bench's figures."""

from collections.abc import Mapping, Sequence
from itertools import chain
from statistics import mean, median
from typing import TYPE_CHECKING, Any

from bench.batching.callers import Run, p95

if TYPE_CHECKING:
    from bench.batching.measurement import Results, Rounds


def figures(results: "Results", facts: Mapping[str, Any]) -> dict[str, Any]:
    gains = {count: _gains(rounds) for count, rounds in results.tails.items()}
    most, alone = max(gains), results.tails[1]
    answers, same = _compare([*results.tails.values(), results.wholes])
    return {
        "callers": {str(count): _summary(rounds.batches) for count, rounds in results.tails.items()},
        "one_by_one": {str(count): _summary(rounds.one_by_one) for count, rounds in results.tails.items()},
        "gain": round(median(gains[most]), 2),
        "gain_low": round(min(gains[most]), 2),
        "gain_high": round(max(gains[most]), 2),
        "gains": {str(count): round(median(values), 2) for count, values in gains.items()},
        "alone_p95_ratio": round(p95(_ms(alone.batches)) / p95(_ms(alone.one_by_one)), 3),
        "whole_gain": round(median(_gains(results.wholes)), 2),
        "agree": round(same / answers, 4),
        "answers": answers,
        **facts,
    }


def _gains(rounds: "Rounds") -> list[float]:
    """Of each round: a machine that is slower in one changes no ratio."""
    return [ours.per_s / theirs.per_s for ours, theirs in zip(rounds.batches, rounds.one_by_one, strict=True)]


def _compare(all_rounds: "Sequence[Rounds]") -> tuple[int, int]:
    """How many jobs both edges were given, and on how many they agree."""
    pairs = [pair for rounds in all_rounds for pair in zip(rounds.batches, rounds.one_by_one, strict=True)]
    same = [theirs.answers[number] == text for ours, theirs in pairs for number, text in ours.answers.items()]
    return len(same), sum(same)


def _summary(runs: Sequence[Run]) -> dict[str, float]:
    batch = mean(chain.from_iterable(run.batches for run in runs))
    return {"per_s": round(median(run.per_s for run in runs), 1), "p95_ms": round(p95(_ms(runs)), 1), "batch": round(batch, 2)}


def _ms(runs: Sequence[Run]) -> list[float]:
    return [ms for run in runs for ms in run.ms]
