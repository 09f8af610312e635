"""Answers about a person's own training runs: what is training, which is best, how far one is, who dropped out, why it is
slow."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from inference.answering.system_questions import node_names, run_source
from inference.answering.system_questions.question import Question
from inference.answering.system_questions.run_source import ClientFacts, RoundFacts, RunFacts
from inference.formatting import bytes_text, count_text, list_text, moment_text, percent_text, span_text
from webapp.live.errors import UserError

NO_RUN = UserError("no_run", "You have no training run yet.", "Start one on the Federation page.", 404)
MOST = 3
PARTS = {
    "compute": "computing on the devices",
    "uplink": "sending updates up",
    "downlink": "sending the model down",
    "waiting": "waiting for clients and queues",
}
DOING = {"queued": "waits", "running": "is running", "paused": "is paused", "stopped": "was stopped", "done": "is done"}
OUTCOMES = {"lost": "was lost", "late": "was late", "refused": "had its update refused"}


def training(question: Question) -> str:
    """What is training right now, or on the devices that the message names."""
    runs, others = run_source.source().runs(question.person), run_source.source().used_by_others(question.person)
    live, places = [run for run in runs if run.state in run_source.LIVE], {node.slug for node in question.nodes}
    if places:
        live, others = [run for run in live if run.nodes & places], others & places
    sentences = [describe(run) for run in live[:MOST]]
    sentences += [f"{len(live) - MOST} more of your runs wait or run."] if len(live) > MOST else []
    sentences = sentences or [f"None of your runs is training{' there' if places else ''} right now."]
    place, too = " there" if places else "", " too" if live else ""
    return " ".join([*sentences, *([f"A run of somebody else is training{place}{too}."] if others else [])])


def listing(question: Question) -> str:
    runs = _runs(question)
    states = [f"{count} {state}" for state, count in Counter(run.state for run in runs).items()]
    newest = f"The newest is run {runs[0].number} ({runs[0].title}), created {moment_text(runs[0].created)}."
    return f"You have {count_text(len(runs), 'run')}: {list_text(states)}. {newest}"


def ranking(question: Question) -> str:
    """Accuracies on different data sets do not compare, so each data set has its own best."""
    runs = [run for run in _runs(question) if run.rounds and run.accuracy is not None]
    if not runs:
        return "None of your runs has completed a round yet, so none has an accuracy."
    worst = question.mentions("worst|lowest|slowest|longest|most bytes|most expensive")
    if question.mentions("fastest|quickest|shortest|slowest|longest"):
        return _extreme(runs, lambda run: run.seconds, worst, "longest" if worst else "shortest")
    if question.mentions("bytes|cheapest|most expensive|smallest|traffic"):
        return _extreme(runs, lambda run: run.bytes, worst, "one with the most bytes" if worst else "one with the fewest bytes")
    by_dataset: dict[str, list[RunFacts]] = defaultdict(list)
    for run in runs:
        by_dataset[run.dataset].append(run)
    pick, order = (min, "worst") if worst else (max, "best")
    sentences = []
    for dataset, rows in by_dataset.items():
        run = pick(rows, key=lambda run: run.accuracy or 0.0)
        place = f"is the {order} of your {len(rows)} runs" if len(rows) > 1 else "is your only run"
        sentences.append(f"On {dataset}, run {run.number} {place}: {_accuracy(run)} after {count_text(run.rounds, 'round')}.")
    return " ".join(sentences[:MOST])


def one(question: Question) -> str:
    if len(question.runs) > 1:
        return " ".join(describe(_numbered(number, question)) for number in question.runs[:MOST])
    return describe(_run(question))


def describe(run: RunFacts) -> str:
    phase = f" ({run.phase})" if run.phase and run.state in run_source.LIVE else ""
    why = f" (“{run.error.rstrip('.')}”)" if run.error else ""
    if run.state == "draft":
        return f"Run {run.number} ({run.title}) is a draft that has not been started."
    completed = f"it has completed {run.rounds} of {count_text(run.of, 'round')}"
    first = f"Run {run.number} ({run.title}) {DOING.get(run.state, run.state)}{phase}{why}; {completed}."
    if not run.rounds:
        return first
    left = (run.of - run.rounds) * run.seconds / run.rounds
    end = f"; about {span_text(left)} are left" if run.state == "running" and run.rounds < run.of else ""
    return f"{first} It has {_accuracy(run)}, sent {bytes_text(run.bytes)} and ran for {span_text(run.seconds)}{end}."


def dropouts(question: Question) -> str:
    run = _run(question)
    rounds = run_source.source().rounds(question.person, run.number)
    if not rounds:
        return f"Run {run.number} has completed no round yet, so no device has dropped out of it."
    slugs = sorted({client.node for row in rounds for client in row.clients if client.node})
    by_slug = [slug for slug in slugs if node_names.is_in(slug, question.text)]  # also of nodes that were deleted since
    subjects = list(dict.fromkeys([*by_slug, *(node.slug for node in question.nodes)]))
    if not subjects and not question.mentions("who|which|any\\w*|how many|devices|nodes|clients"):
        question.check_name()
    if subjects:
        return " ".join(_outcome(slug, run, rounds) for slug in subjects[:MOST])
    absent = [slug for slug in slugs if _absences(slug, rounds)]
    part = f"{list_text(slugs)} took part in run {run.number}"
    if not absent:
        return f"{part}; none dropped out, and each counted in all {count_text(len(rounds), 'round')}."
    return " ".join([f"{part}.", *(_outcome(slug, run, rounds) for slug in absent[:MOST])])


def slow(question: Question) -> str:
    """Where the time of a run's rounds went, and which device took longest."""
    run = _run(question)
    rounds = run_source.source().rounds(question.person, run.number)
    total = sum(row.seconds.get("total", 0.0) for row in rounds)
    if not total or run.state in ("draft", "failed"):
        return describe(run)
    parts = {words: sum(row.seconds.get(part, 0.0) for row in rounds) for part, words in PARTS.items()}
    longest = sorted(parts, key=lambda words: -parts[words])[:2]
    shares = list_text([f"{percent_text(parts[words] / total)} {words}" for words in longest if parts[words]])
    each = f"{count_text(len(rounds), 'round')} took {span_text(total)}, {span_text(total / len(rounds))} each"
    where = f" of that, {shares}" if shares else ""
    return f"{f'Run {run.number}: {each};{where}'.rstrip(';')}.{_slowest_client(rounds)}"


def trainable(question: Question) -> str:
    choices = run_source.source().choices
    models, datasets, strategies = (list_text(choices(field)) for field in ("model", "dataset", "strategy"))
    sentence = f"A run can train {models} on {datasets}, with {strategies}."
    return f"{sentence} Choose on the Federation page, or describe the run here and confirm its draft."


def resolve(question: Question) -> RunFacts | None:
    """The run that the message names by number or in words; None where it names none."""
    if question.runs:
        return _numbered(question.runs[0], question)
    runs = run_source.source().runs(question.person)
    past = [run for run in runs if run.state != "draft"]
    if question.mentions("best (?:[a-z]+ )?(?:run|training)"):
        return max((run for run in past if run.rounds), key=lambda run: run.accuracy or 0.0, default=None)
    if question.mentions("first (?:run|training)"):
        return past[-1] if past else None
    if question.mentions("(?:run|training|one) before|(?:second|2nd) (?:last|latest)"):
        return past[1] if len(past) > 1 else None
    if question.mentions("(?:last night|yesterday|today|this week)'?s?"):
        span = question.span()
        return next((run for run in past if (run.started or run.created) < span.end and _since(run, question)), None)
    return next(iter(past or runs), None)


def _run(question: Question) -> RunFacts:
    """Raises UserError where there is none."""
    run = resolve(question)
    if run is None:
        raise NO_RUN if not _runs(question) else UserError("no_run", "You have no such run.", "See the Federation page.", 404)
    return run


def _numbered(number: int, question: Question) -> RunFacts:
    """The same answer for what does not exist and what is somebody else's."""
    run = next((run for run in run_source.source().runs(question.person) if run.number == number), None)
    if run is None:
        raise UserError("no_run", f"You have no run {number}.", "The Federation page lists your runs.", 404)
    return run


def _runs(question: Question) -> list[RunFacts]:
    runs = run_source.source().runs(question.person)
    if not runs:
        raise NO_RUN
    return runs


def _since(run: RunFacts, question: Question) -> bool:
    start = question.span().start
    return start is None or (run.started or run.created) >= start


def _accuracy(run: RunFacts) -> str:
    if run.accuracy is None:
        return "no accuracy yet"
    best = f" (best {percent_text(run.best)})" if run.best is not None and run.best > run.accuracy else ""
    return f"an accuracy of {percent_text(run.accuracy)}{best}"


def _extreme(runs: Sequence[RunFacts], of: Callable[[RunFacts], float], most: bool, words: str) -> str:
    """Of the finished runs, where there are any."""
    done = [run for run in runs if run.state == "done"] or list(runs)
    run = max(done, key=of) if most else min(done, key=of)
    place = f"is the {words} of your {len(done)} runs" if len(done) > 1 else "is the only one"
    return f"Run {run.number} {place}: {span_text(run.seconds)} and {bytes_text(run.bytes)}, with {_accuracy(run)}."


def _absences(slug: str, rounds: Sequence[RoundFacts]) -> list[tuple[int, ClientFacts]]:
    return [(row.number, client) for row in rounds for client in row.clients if client.node == slug and client.state != "ok"]


def _outcome(slug: str, run: RunFacts, rounds: Sequence[RoundFacts]) -> str:
    participations = [row.number for row in rounds if any(client.node == slug for client in row.clients)]
    if not participations:
        return f"{slug} took no part in run {run.number}."
    absences = _absences(slug, rounds)
    if not absences:
        return f"{slug} did not drop out of run {run.number}: it counted in all {len(participations)} of its rounds."
    outcomes = Counter(client.state for _, client in absences)
    what = list_text([f"{OUTCOMES.get(state, state)} in {count}" for state, count in outcomes.items()])
    number, last = absences[-1]
    why = f" (“{last.reason.rstrip('.')}”)" if last.reason else ""
    again = f" It counted again in round {participations[-1]}." if participations[-1] > number else ""
    all_rounds = f"of its {count_text(len(participations), 'round')} of run {run.number}"
    return f"{slug} {what} {all_rounds}, the last time in round {number}{why}.{again}"


def _slowest_client(rounds: Sequence[RoundFacts]) -> str:
    spent: dict[str, list[float]] = defaultdict(list)
    for row in rounds:
        for client in row.clients:
            if client.node and client.state == "ok":
                spent[client.node].append(sum(client.seconds.values()))
    means = sorted(((sum(times) / len(times), node) for node, times in spent.items()), reverse=True)
    if len(means) < 2:
        return ""
    (longest, node), (shortest, other) = means[0], means[-1]
    return f" {node} is the slowest client with {span_text(longest)} for a round; {other} takes {span_text(shortest)}."
