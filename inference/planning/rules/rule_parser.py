"""One message read from its first piece to its last: which steps it asks for, and what each of its words points back to."""

import re
from collections.abc import Iterable
from dataclasses import replace

from inference.engine import tasks
from inference.planning.context import Context, ParsedStep
from inference.planning.languages.language import unknown_language
from inference.planning.rules import followup, limits, named_runs, photo_references
from inference.planning.rules.out_of_scope import elsewhere, foreign, of_the_world
from inference.planning.rules.prior_requests import prior_requests
from inference.planning.rules.pronouns import PriorRequest, Resolution, resolve
from inference.planning.rules.requests import Piece, task_of
from inference.planning.rules.wording import direct
from inference.planning.training import recognition, tables

ELSEWHERE = (
    "I can only name what a photo shows, describe it, and answer questions about it. Ask, for example: what is in this photo?"
)
NO_EARLIER = "There is no earlier question that this could continue. Ask the whole question."
UNCLEAR = "I cannot tell what you want to know about {noun}. Ask the whole question."
NO_PHOTO_BEFORE = "There is no earlier photo in this conversation. Ask about this one, or add another."
NAMING = tuple(task.name for task in tasks.TASKS if task.answers_with_noun)
SIZE = "The photo is stored with {width} × {height} pixels."
LEFT_OUT = "I did not understand “{part}” and left it out."
_IS_IT = re.compile(
    r"^(?:(?:is|are) (?:there|it|they|that|this|he|she)(?: (?:so|right|true|correct))?|true|right|correct|am i right)$"
)
_STATEMENT = re.compile(
    r"\b(?:(?P<there>there) (?P<be>is|are)|(?P<who>this|it|that|he|she) is|(?P<many>these|they) are) (?P<what>.+?)(?: in (?:it|there|here))?$"
)


class Reading:
    """`steps`: the steps so far. `refused`: why a part of the message was set aside, if one was. `remarks`: what the answer has
    to say besides."""

    def __init__(self, context: Context, names: frozenset[str] = frozenset(), remarks: Iterable[str] = ()) -> None:
        self.context, self.names, self.remarks = context, names, list(remarks)
        self.earlier = prior_requests(context)
        self.steps: list[ParsedStep] = []
        self.refused: str | None = None
        self._requests: list[PriorRequest] = []  # in this message, before the piece at hand
        self._models: list[str] = []  # named ahead of the request they are for
        self._before = 0  # photos back, of the piece at hand

    def take(self, part: Piece, last: bool) -> None:
        text, earlier = direct(part.raw), self.context.earlier_photos
        if recognition.asked(text):
            return self._train(text)
        if earlier and self._of_two(text):
            return None
        self._before = 0
        likened = followup.same(text, ()) is not None
        reference = None if likened else photo_references.pointed(part.raw, earlier, self.context.new_photo)
        if reference and reference.before <= earlier:
            self._before, part = reference.before, replace(part, raw=reference.text)
            if self.steps and re.fullmatch(r"(?:in |on )?this photo", part.raw):  # "describe this photo and the previous photo"
                self._add(replace(self.steps[-1], before=reference.before))
                return None
        elif reference and reference.before:
            return self._refuse(NO_PHOTO_BEFORE)
        return self._one(part, last)

    def _of_two(self, text: str) -> bool:
        """What is asked of this photo and of an earlier one."""
        earlier = self.context.earlier_photos
        if (before := photo_references.compared(text, earlier)) is not None:
            question, back = "describe it", before
        elif (counted := photo_references.counted(text, earlier)) is not None:
            question, back = f"how many {counted[0]} are there", counted[1]
        elif (both := photo_references.both(text, earlier)) is not None:
            question, back = both
        else:
            return False
        if task := task_of(question, is_question=True):
            for before in (0, back):
                self._before = before
                self._ask(question, task, ordered=False)
        return task is not None

    def _one(self, part: Piece, last: bool) -> None:
        text, raw = direct(part.raw), part.raw.strip(" ,;:.!?")
        if foreign(text):
            return self._refuse(unknown_language())
        if why := self._known(text) or limits.limit(text) or limits.limit(raw):
            self.remarks.append(why)
            return self._refuse(why)
        own = tasks.requested(text) is not None
        if elsewhere(text, own) or (not own and of_the_world(text, self.names)):
            return self._refuse(ELSEWHERE)
        if any(step.task == "train" for step in self.steps) and tables.read(text).named:
            return self._train(text)
        if named_runs.names(raw):
            return self._by_model(raw, part.ordered)
        if _IS_IT.match(text) and (answer := self._prior_statement()):
            text = answer
        elif self._continues(raw, text):
            return None
        if followup.elaborates(text, [request.text for request in self._requests if request.step]):
            return None
        if task := task_of(text, part.asked):
            if raw.startswith("if ") and not last and not part.asked:
                self._requests.append(PriorRequest(text))  # a condition of the next request, which names what that is about
            else:
                self._ask(text, task, part.ordered)
        elif text:
            if part.asked and self.context.has_photo:
                self.remarks.append(LEFT_OUT.format(part=raw))
            self._requests.append(PriorRequest(text))
        return None

    def _known(self, text: str) -> str | None:
        """The answer to what no model has to be asked."""
        if self.context.size and limits.asks_for_size(text):
            return SIZE.format(width=self.context.size[0], height=self.context.size[1])
        return self.context.certainty if followup.doubts(text) else None

    def end(self) -> None:
        """A model that was named for nothing in particular is asked for a name; one that is not there is not replaced."""
        if self.refused and self.refused.startswith(named_runs.NO_RUN.split("{")[0]):
            self.steps.clear()
            return
        if self.refused == limits.CHOOSE:  # a name of our own is none of the options
            self.steps.clear()
        for model in self._models:
            self._add(ParsedStep("classify", "", model=model))

    def _refuse(self, why: str) -> None:
        self.refused = self.refused or why

    def _add(self, step: ParsedStep) -> int:
        """The number of the step; one that is there already is not asked twice."""
        if step.task == "classify" and not step.model and self._models:
            step = replace(step, model=self._models.pop(0))
        for number, other in enumerate(self.steps, 1):
            if (other.task, other.question, other.model, other.before) == (step.task, step.question, step.model, step.before):
                return number
        self.steps.append(step)
        return len(self.steps)

    def _train(self, text: str) -> None:
        """All that a message says about training is one run."""
        for number, step in enumerate(self.steps):
            if step.task == "train":
                self.steps[number] = replace(step, question=f"{step.question}; {text}")
                return
        self._add(ParsedStep("train", text))

    def _ask(self, text: str, task: str, ordered: bool) -> None:
        resolution = self._resolved(text) if tasks.needs_question(task) else Resolution(text)
        after = {resolution.step} if resolution.step else set()
        if ordered and self.steps:
            after.add(len(self.steps))
        notes = (resolution.note,) if resolution.note else ()
        question = resolution.question if tasks.needs_question(task) else tasks.question_of(task, text)
        number = self._add(ParsedStep(task, question, tuple(sorted(after)), notes=notes, before=self._before))
        self._requests.append(PriorRequest(resolution.question, "", number, task == "classify", task in NAMING))

    def _resolved(self, text: str) -> Resolution:
        resolution = resolve(text, self._requests)
        if resolution.note is None and not self.context.new_photo:
            resolution = resolve(text, self.earlier)
            resolution = replace(resolution, note=resolution.note and f"{resolution.note}, from an earlier question")
        return resolution

    def _prior_statement(self) -> str | None:
        """`There's a snake in it. Is there?`"""
        for request in reversed(self._requests):
            if match := _STATEMENT.search(request.text):
                if match["there"]:
                    return f"{match['be']} there {match['what']}"
                return f"are {match['many']} {match['what']}" if match["many"] else f"is {match['who']} {match['what']}"
        return None

    def _by_model(self, raw: str, ordered: bool) -> None:
        runs = named_runs.names(raw)
        if unknown := [name for name in runs if name not in self.context.models]:
            instead = f"; there is {' and '.join(self.context.models)}" if self.context.models else ""
            return self._refuse(named_runs.NO_RUN.format(run=unknown[0], instead=instead))
        rest = direct(named_runs.without(raw))
        asks = rest != "classified" and (task_of(rest, is_question=False) == "classify" or named_runs.asks_for_a_name(rest))
        if asks:
            for name in runs:
                after = (len(self.steps),) if ordered and self.steps else ()
                number = self._add(ParsedStep("classify", "", after, model=name))
                self._requests.append(PriorRequest(rest, step=number, names=True))
        elif self.steps and self.steps[-1].task == "classify" and not self.steps[-1].model:
            self.steps[-1] = replace(self.steps[-1], model=runs[0])
            self._models += runs[1:]
        else:
            self._models += runs
        return None

    def _continues(self, raw: str, text: str) -> bool:
        """Whether a piece continues an earlier request, and if so, what that comes to."""
        before = [*self.earlier, *(request for request in self._requests if request.step)]
        same = followup.same(text, before)
        if same == "" and self.context.earlier_photos:
            return self._same_as_there(text)
        if same is not None:
            return self._continued("vqa", same, "“same” was taken to mean the answer before", NO_EARLIER)
        is_again = followup.again(raw) or (self.context.new_photo and followup.again_there(raw))
        if is_again and (before or not task_of(text, is_question=False)):
            return self._again(before)
        if before and (ask := followup.attribute(raw)) is not None:
            question = followup.asked_of(ask, before) if ask else ""
            return question is not None and self._continued(
                "vqa" if ask else "classify", question, "it was taken to be about what came before", ""
            )
        if re.fullmatch(r"[a-z]+s", raw) and self._requests and self._requests[-1].text.startswith("how many "):
            raw = f"and {raw}"
        noun = None if task_of(text, is_question=False) else followup.elliptic(raw)
        noun = noun or (followup.elliptic(text) if before and text.startswith(("is ", "are ")) else None)
        if noun is None:
            return False
        reused = followup.reuse(noun, [request.text for request in before])
        if reused is None and text.startswith(("is ", "are ")):
            return False
        why = UNCLEAR.format(noun=noun) if before else NO_EARLIER
        return self._continued("vqa", reused or "", f"it was taken as the earlier question, asked about {noun}", why)

    def _same_as_there(self, text: str) -> bool:
        """Nobody named what the earlier photo shows, so it is named first."""
        before = photo_references.likened(text, self.context.earlier_photos)
        number = self._add(ParsedStep("classify", "", before=before))
        self._add(ParsedStep("vqa", f"is this a {{{number}}}", (number,)))
        return True

    def _continued(self, task: str, question: str, note: str, why: str) -> bool:
        if tasks.needs_question(task) and not question:
            self._refuse(why)
            return True
        number = self._add(ParsedStep(task, question, notes=(note,), before=self._before))
        self._requests.append(PriorRequest(question, "", number, task == "classify", task in NAMING))
        return True

    def _again(self, before: list[PriorRequest]) -> bool:
        """`And this one?` repeats the last request."""
        last = next(
            ((request.text, task) for request in reversed(before) if (task := task_of(request.text, is_question=False))), None
        )
        if last is None:
            self._refuse(NO_EARLIER)
        else:
            self._continued(
                last[1], last[0] if tasks.needs_question(last[1]) else "", "the last request was repeated", NO_EARLIER
            )
        return True
