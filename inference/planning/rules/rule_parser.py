"""One message read from its first piece to its last: which steps it asks for, and what each of its words points back to."""

import re
from dataclasses import replace

from inference.planning.context import Context, Found
from inference.planning.plan import Task
from inference.planning.rules import followup, photo_references, training
from inference.planning.rules.out_of_scope import elsewhere, foreign, of_the_world
from inference.planning.rules.pronouns import Heard, Meant, resolve
from inference.planning.rules.requests import Piece, pieces, task_of
from inference.planning.rules.wording import direct, regular

ELSEWHERE = (
    "I can only name what a photo shows, describe it, and answer questions about it. Ask, for example: what is in this photo?"
)
FOREIGN = "I understand English only. Ask, for example: what is in this photo?"
NO_EARLIER = "There is no earlier question that this could continue. Ask the whole question."
UNCLEAR = "I cannot tell what you want to know about {noun}. Ask the whole question."
NO_PHOTO_BEFORE = "There is no earlier photo in this conversation. Ask about this one, or add another."
NO_RUN = "There is no finished {run} to classify with{instead}."
_RUN = re.compile(
    r"(?:,? ?\b(?:according to|using|use|with|by|via|through|from|of|let|have|ask|get|and|once|the|model|classifier)\b)*"
    r" ?\brun (?:number |no\.? ?)?(\d+)\b(?! ?(?:rounds?|epochs?|times|clients?|steps))(?:'s (?:model|opinion|view))?"
)
_SAYS = re.compile(
    r"\b(?:say|says|think|thinks|call|label|identify|name|classify|classified|recogni[sz]e|tell|guess|what this is|what it is)\b"
)
_IS_IT = re.compile(
    r"^(?:(?:is|are) (?:there|it|they|that|this|he|she)(?: (?:so|right|true|correct))?|true|right|correct|am i right)$"
)
_SAID = re.compile(
    r"\b(?:(?P<there>there) (?P<be>is|are)|(?P<who>this|it|that|he|she) is|(?P<many>these|they) are) (?P<what>.+?)(?: in (?:it|there|here))?$"
)


class Reading:
    """`found`: the steps so far. `refused`: why a part of the message was set aside, if one was."""

    def __init__(self, context: Context, names: frozenset[str] = frozenset()) -> None:
        self.context, self.names = context, names
        self.earlier = heard_before(context)
        self.found: list[Found] = []
        self.refused: str | None = None
        self._said: list[Heard] = []  # in this message, before the piece at hand
        self._models: list[str] = []  # named ahead of the request they are for
        self._before = 0  # photos back, of the piece at hand

    def take(self, part: Piece, last: bool) -> None:
        text, earlier = direct(part.raw), self.context.earlier_photos
        if training.asked(text):
            return self._train(text)
        if earlier and self._of_two(text):
            return None
        self._before = 0
        likened = followup.same(text, ()) is not None
        found = None if likened else photo_references.pointed(part.raw, earlier, self.context.new_photo)
        if found and found.before <= earlier:
            self._before, part = found.before, replace(part, raw=found.text)
            if self.found and re.fullmatch(r"(?:in |on )?this photo", part.raw):  # "describe this photo and the previous photo"
                self._add(replace(self.found[-1], before=found.before))
                return None
        elif found and found.before:
            return self._refuse(NO_PHOTO_BEFORE)
        return self._one(part, last)

    def _of_two(self, text: str) -> bool:
        """What is asked of this photo and of an earlier one."""
        earlier = self.context.earlier_photos
        if (before := photo_references.compared(text, earlier)) is not None:
            asked, back = "describe it", before
        elif (counted := photo_references.counted(text, earlier)) is not None:
            asked, back = f"how many {counted[0]} are there", counted[1]
        elif (both := photo_references.both(text, earlier)) is not None:
            asked, back = both
        else:
            return False
        if task := task_of(asked, asked=True):
            for before in (0, back):
                self._before = before
                self._ask(asked, task, ordered=False)
        return task is not None

    def _one(self, part: Piece, last: bool) -> None:
        text, raw = direct(part.raw), part.raw.strip(" ,;:.!?")
        if foreign(text):
            return self._refuse(FOREIGN)
        if elsewhere(text) or of_the_world(text, self.names):
            return self._refuse(ELSEWHERE)
        if any(one.task == "train" for one in self.found) and training.read(text).named:
            return self._train(text)
        if _RUN.search(raw):
            return self._by_model(raw, part.ordered)
        if _IS_IT.match(text) and (told := self._told()):
            text = told
        elif self._continues(raw, text):
            return None
        if task := task_of(text, part.asked):
            if raw.startswith("if ") and not last and not part.asked:
                self._said.append(Heard(text))  # a condition of the next request, which names what that is about
            else:
                self._ask(text, task, part.ordered)
        elif text:
            self._said.append(Heard(text))
        return None

    def end(self) -> None:
        """A model that was named for nothing in particular is asked for a name; one that is not there is not replaced."""
        if self.refused and self.refused.startswith(NO_RUN.split("{")[0]):
            self.found.clear()
            return
        for model in self._models:
            self._add(Found("classify", "", model=model))

    def _refuse(self, why: str) -> None:
        self.refused = self.refused or why

    def _add(self, one: Found) -> int:
        """The number of the step; one that is there already is not asked twice."""
        if one.task == "classify" and not one.model and self._models:
            one = replace(one, model=self._models.pop(0))
        for number, other in enumerate(self.found, 1):
            if (other.task, other.question, other.model, other.before) == (one.task, one.question, one.model, one.before):
                return number
        self.found.append(one)
        return len(self.found)

    def _train(self, text: str) -> None:
        """All that a message says about training is one run."""
        for number, one in enumerate(self.found):
            if one.task == "train":
                self.found[number] = replace(one, question=f"{one.question}; {text}")
                return
        self._add(Found("train", text))

    def _ask(self, text: str, task: Task, ordered: bool) -> None:
        meant = self._meant(text) if task == "vqa" else Meant(text)
        after = {meant.step} if meant.step else set()
        if ordered and self.found:
            after.add(len(self.found))
        notes = (meant.note,) if meant.note else ()
        asked = meant.question if task == "vqa" else ""
        number = self._add(Found(task, asked, tuple(sorted(after)), notes=notes, before=self._before))
        self._said.append(Heard(meant.question, step=number, names=task == "classify"))

    def _meant(self, text: str) -> Meant:
        meant = resolve(text, self._said)
        if meant.note is None and not self.context.new_photo:
            meant = resolve(text, self.earlier)
            meant = replace(meant, note=meant.note and f"{meant.note}, from an earlier question")
        return meant

    def _told(self) -> str | None:
        """`There's a snake in it. Is there?`"""
        for one in reversed(self._said):
            if found := _SAID.search(one.text):
                if found["there"]:
                    return f"{found['be']} there {found['what']}"
                return f"are {found['many']} {found['what']}" if found["many"] else f"is {found['who']} {found['what']}"
        return None

    def _by_model(self, raw: str, ordered: bool) -> None:
        named = [f"run {number}" for number in _RUN.findall(raw)]
        if unknown := [name for name in named if name not in self.context.models]:
            instead = f"; there is {' and '.join(self.context.models)}" if self.context.models else ""
            return self._refuse(NO_RUN.format(run=unknown[0], instead=instead))
        rest = direct(_RUN.sub(" ", raw).strip())
        asks = rest != "classified" and (task_of(rest, asked=False) == "classify" or bool(_SAYS.search(rest)))
        if asks:
            for name in named:
                after = (len(self.found),) if ordered and self.found else ()
                number = self._add(Found("classify", "", after, model=name))
                self._said.append(Heard(rest, step=number, names=True))
        elif self.found and self.found[-1].task == "classify" and not self.found[-1].model:
            self.found[-1] = replace(self.found[-1], model=named[0])
            self._models += named[1:]
        else:
            self._models += named
        return None

    def _continues(self, raw: str, text: str) -> bool:
        """Whether a piece continues an earlier request, and if so, what that comes to."""
        before = [*self.earlier, *(one for one in self._said if one.step)]
        same = followup.same(text, before)
        if same == "" and self.context.earlier_photos:
            return self._same_as_there(text)
        if same is not None:
            return self._continued("vqa", same, "“same” was taken to mean the answer before", NO_EARLIER)
        if followup.again(raw) and (before or not task_of(text, asked=False)):
            return self._again(before)
        if before and (ask := followup.attribute(raw)) is not None:
            asked = followup.asked_of(ask, before) if ask else ""
            return asked is not None and self._continued(
                "vqa" if ask else "classify", asked, "it was taken to be about what came before", ""
            )
        if re.fullmatch(r"[a-z]+s", raw) and self._said and self._said[-1].text.startswith("how many "):
            raw = f"and {raw}"
        noun = None if task_of(text, asked=False) else followup.elliptic(raw)
        noun = noun or (followup.elliptic(text) if before and text.startswith(("is ", "are ")) else None)
        if noun is None:
            return False
        reused = followup.reuse(noun, [one.text for one in before])
        if reused is None and text.startswith(("is ", "are ")):
            return False
        why = UNCLEAR.format(noun=noun) if before else NO_EARLIER
        return self._continued("vqa", reused or "", f"it was taken as the earlier question, asked about {noun}", why)

    def _same_as_there(self, text: str) -> bool:
        """Nobody named what the earlier photo shows, so it is named first."""
        before = photo_references.likened(text, self.context.earlier_photos)
        number = self._add(Found("classify", "", before=before))
        self._add(Found("vqa", f"is this a {{{number}}}", (number,)))
        return True

    def _continued(self, task: Task, question: str, note: str, why: str) -> bool:
        if task == "vqa" and not question:
            self._refuse(why)
            return True
        number = self._add(Found(task, question, notes=(note,)))
        self._said.append(Heard(question, step=number, names=task == "classify"))
        return True

    def _again(self, before: list[Heard]) -> bool:
        """`And this one?` repeats the last request."""
        last = next(((one.text, task) for one in reversed(before) if (task := task_of(one.text, asked=False))), None)
        if last is None:
            self._refuse(NO_EARLIER)
        else:
            self._continued(last[1], last[0] if last[1] == "vqa" else "", "the last request was repeated", NO_EARLIER)
        return True


def heard_before(context: Context) -> list[Heard]:
    """Earlier messages as direct requests, so that a follow-up of a follow-up finds its noun too."""
    heard: list[Heard] = []
    for number, question in enumerate(context.earlier):
        answer = context.answers[number] if number < len(context.answers) else ""
        for part in pieces(regular(question)):
            raw = part.raw.strip(" ,;:.!?")
            noun = followup.elliptic(raw)
            text = (followup.reuse(noun, [one.text for one in heard]) if noun else None) or direct(part.raw)
            if not followup.again(raw):
                heard.append(Heard(resolve(text, heard).question, names=task_of(text, asked=False) == "classify"))
        if heard and answer:
            heard[-1] = replace(heard[-1], answer=answer.lower())
    return heard
