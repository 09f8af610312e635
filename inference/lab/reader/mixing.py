"""Endless training samples from the bank: requests put together, things exchanged, words misspelt.

The bank has thousands of requests, and people's are countless. What varies without limit is varied here, so that the reader
learns what to copy: which things are asked about, how many requests a message has, how they are joined, what stands around.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from inference.lab.reader.bank import Bank, Forms, Message
from inference.lab.reader.typos import misspell
from inference.planning.plan import MAX_STEPS
from inference.planning.reader.plan_lines import Condition, Line, is_mark, to_tokens
from inference.planning.reader.words import context_words, words_of

WHOLE, ONE = 0.65, 0.1  # shares of samples: a message as written, one request; the others are put together
MENDED = 0.8  # share of misspelt messages that the reader's speller sees first: others teach what it does not know
_JOINTS = (
    " ",
    " ",
    ". ",
    ", ",
    " and ",
    ", and ",
    " also ",
    ". Also ",
    "; ",
    "\n",
    " plus ",
    ". Then ",
    " oh and ",
    " - ",
    "? ",
    "?? ",
)
_BULLETS = ("- {}", "* {}", "{n}. {}", "{n}) {}", "({n}) {}", "{l}) {}", "{l}. {}", "({l}) {}", "[ ] {}", "• {}", "{n}: {}")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
_YES = (
    "if so",
    "if yes",
    "and if so",
    "if it is",
    "if there is",
    "in that case",
    "when it is",
    "if they are",
    "if the answer is yes",
    "then",
)
_NO = ("if not", "otherwise", "and if not", "if it isn't", "else", "if there isn't", "or else", "failing that", "if no")
_ASKS_WHETHER = re.compile(r"(?:is|are|does|do|has|have|can|was|were)\b")
_FIRST_PHOTO = ("in the first photo", "first pic:", "on the oldest picture", "photo 1:", "in the first one")
_LAST_BUT_ONE = (
    "in the previous photo",
    "in the one before",
    "on the last picture i sent before this one",
    "in the earlier photo",
    "previous pic:",
)
_BOTH = ("in both photos", "in both", "on each of the two pictures", "for both pics:", "in the two photos")
_BY_RUN = (
    "{} with run {r}",
    "{} using run {r}",
    "use run {r}: {}",
    "let run {r} decide: {}",
    "according to run {r}, {}",
    "run {r}: {}",
    "{} (run {r} model)",
)
_DETERMINED = re.compile(r"(?:the|a|an|any|many|this|that|which|what|your|her|his|their) ([a-z]{3,})\b")
_NOT_THINGS = frozenset(
    """
    time colour color many much kind type left right top bottom front back middle first second third other people person
    man woman there weather text number name names word words sign photo picture image same more most one ones all both
    is are the than does has have own total due far known wrong main next sits stands sell hurt wear open dark damp big
    biggest tall tallest oldest nearest largest longest new old free full fullest flat live loose lot maximum make safe
    still you day black white red blue green grey brown pink yellow orange cream neutral end side part use reset offside
    outside upper very
    """.split()  # noqa: SIM905 - a list of words
)
_DOING = ("ing", "ed")  # "is it smiling" and "who dropped it": not things either


@dataclass
class Sample:
    """`words` as typed, the `meant` ones beside them; the message begins at `start`. `tokens`: of its plan."""

    words: list[str]
    meant: list[str]
    start: int
    tokens: list[str]


@dataclass
class Mixer:
    bank: Bank
    dice: random.Random = field(default_factory=random.Random)
    mend: Callable[[Sequence[str]], list[str]] = list  # what the reader does with the words before it reads them

    def __post_init__(self) -> None:
        lines = [form.line for form in self.bank.forms] + [line for message in self.bank.messages for line in message.plan]
        nouns = {word for line in lines for word in _DETERMINED.findall(line.question)}
        self.things = sorted(word for word in nouns - _NOT_THINGS if not word.endswith(_DOING))
        self._thing_set = frozenset(self.things)
        self.askable = [form for form in self.bank.forms if not form.line.said]
        self.whether = [form for form in self.askable if form.line.task == "vqa" and _ASKS_WHETHER.match(form.line.question)]

    def sample(self) -> Sample:
        chance = self.dice.random()
        if chance < WHOLE:
            message = self.dice.choice(self.bank.messages)
        elif chance < WHOLE + ONE:
            message = self._single(self.dice.choice(self.bank.forms))
        else:
            message = self._put_together()
        return self._finished(message)

    def _single(self, group: Forms) -> Message:
        return self._elsewhere(Message(self.dice.choice(group.forms), (group.line,)))

    def _elsewhere(self, message: Message) -> Message:
        """Now and then of another photo of the conversation, or by the model of a run."""
        line, dice = message.plan[0], self.dice
        if line.task == "classify" and dice.random() < 0.25:
            run = str(dice.randrange(1, 60))
            text = dice.choice(_BY_RUN).format(message.text, r=run)
            return replace(message, text=text, plan=(replace(line, run=run),), runs=(f"run {run}",))
        if line.task in ("vqa", "caption", "classify", "read") and dice.random() < 0.06:
            count = dice.randrange(2, 5)
            where, photos = dice.choice(((_FIRST_PHOTO, (1,)), (_LAST_BUT_ONE, (count - 1,)), (_BOTH, (1, 2))))
            count = 2 if photos == (1, 2) else count
            place = dice.choice(where)
            text = f"{place} {message.text}" if dice.random() < 0.5 or place.endswith(":") else f"{message.text} {place}"
            return replace(message, text=text, plan=(replace(line, photos=photos),), photos=count)
        return message

    def _put_together(self) -> Message:
        dice = self.dice
        parts = list[tuple[str, Line]]()
        for _ in range(dice.choices((1, 2, 3, 4, 5), (3, 4, 3, 2, 1))[0]):
            group = dice.choice(self.bank.forms if dice.random() < 0.2 else self.askable)
            parts.append((dice.choice(group.forms), group.line))
        plan: Sequence[Line]
        kind = dice.random()
        if kind < 0.3 and self.bank.conditions:
            message = dice.choice(self.bank.conditions)
            plan = message.plan
            if len(parts) < 3 and dice.random() < 0.4 and len(plan) + len(parts) <= MAX_STEPS:
                text, lines = self._joined(parts[:1])
                plan, text = (*plan, *lines), f"{message.text}{dice.choice(('. ', '. ', '; ', ' and '))}{text}"
            else:
                text = message.text
        elif kind < 0.45:
            text, plan = self._conditional()
        else:
            text, plan = self._joined(parts)
        return Message(self._surrounded(text, {line.task for line in plan}), tuple(plan))

    def _joined(self, parts: Sequence[tuple[str, Line]]) -> tuple[str, list[Line]]:
        dice = self.dice
        lines = list(dict.fromkeys(line for _, line in parts))
        texts = [next(text for text, line in parts if line == wanted) for wanted in lines]
        style = dice.random()
        if style < 0.15 and len(texts) > 1:
            bullet = dice.choice(_BULLETS)
            joint = dice.choice(("\n", "\n", " ", "; "))
            items = [bullet.format(text, n=n, l="abcdef"[n - 1]) for n, text in enumerate(texts, 1)]
            head = dice.choice(("", "", "For the report:\n", "please answer:\n", "i need: ", "Checklist\n"))
            return head + joint.join(items), lines
        if style < 0.2 and len(texts) > 1:
            return " ".join(f"{_ORDINALS[n]} {text}" for n, text in enumerate(texts)), lines
        if style < 0.4:
            return dice.choice((", ", "; ", " / ", " and ", " ")).join(text.rstrip("?.! ") for text in texts), lines
        whole = texts[0]
        for text in texts[1:]:
            joint = dice.choice(_JOINTS)
            whole = (whole.rstrip("?.! ") if joint[0] in ",;?" else whole) + joint + text
        return whole, lines

    def _conditional(self) -> tuple[str, list[Line]]:
        dice = self.dice
        first, then = dice.choice(self.whether), dice.choice(self.askable)
        question = next((form for form in first.forms if "?" in form), first.line.question)
        plan = [first.line, replace(then.line, condition=Condition(1, "yes"))]
        joint = dice.choice((" ", " ", " and ", ", "))
        if dice.random() < 0.25:
            plan[1] = replace(then.line, condition=Condition(1, "no"))
            return f"{question}{joint}{dice.choice(_NO)} {dice.choice(then.forms)}", plan
        text = f"{question}{joint}{dice.choice(_YES)}{dice.choice((' ', ', '))}{dice.choice(then.forms)}"
        if dice.random() < 0.3:
            other = dice.choice(self.askable)
            plan.append(replace(other.line, condition=Condition(1, "no")))
            text += f"{dice.choice(('. ', ', ', ' '))}{dice.choice(_NO)}{dice.choice((' ', ', '))}{dice.choice(other.forms)}"
        return text, plan

    def _surrounded(self, text: str, tasks: set[str]) -> str:
        dice = self.dice
        bans = [ban for ban in self.bank.bans if ban.task not in tasks]
        for chance, choices in ((0.3, self.bank.asides), (0.12, [ban.text for ban in bans])):
            if choices and dice.random() < chance:
                aside = dice.choice(choices)
                end = "" if aside.rstrip()[-1:] in ".?!…:," else dice.choice((".", ",", "", " -", "\n"))
                text = f"{aside}{end} {text}" if dice.random() < 0.6 else f"{text} {aside}"
        return text

    def _finished(self, message: Message) -> Sample:
        dice = self.dice
        if not message.earlier and dice.random() < 0.2:  # what was asked before need not matter
            group = dice.choice(self.askable)
            answer = dice.choice(("yes", "no", "3", "blue", "a man riding a horse", "dog", "I cannot tell", "STOP"))
            message = replace(message, earlier=((group.line.question or dice.choice(group.forms), answer),))
        before = context_words(message.earlier, message.photos, message.runs)
        words = self.mend(words_of(message.text))
        if dice.random() < 0.2:
            words = [word for word in words if word not in "?,.!;:\"'-\n"] or words
        tokens = to_tokens(message.plan, [words_of(line.question.rstrip("?")) for line in message.plan])
        if dice.random() < 0.5:
            before, words, tokens = self._exchanged(before, words, tokens)
        slips = list(words)
        if dice.random() < 0.35:
            rate = dice.choice((0.08, 0.15, 0.3))
            slips = [misspell(word, dice) if dice.random() < rate else word for word in words]
            slips = self.mend(slips) if dice.random() < MENDED else slips
        return Sample(before + slips, before + words, len(before), tokens)

    def _exchanged(self, *parts: list[str]) -> tuple[list[str], ...]:
        """With other things in place of those that are asked about."""
        words_of_plan = {token for token in parts[-1] if not is_mark(token)}
        own = sorted(words_of_plan & self._thing_set & set(parts[1]))
        other = {word: self._like(word) for word in own if self.dice.random() < 0.6}
        return tuple([other.get(word, word) for word in part] for part in parts)

    def _like(self, word: str) -> str:
        is_plural = word.endswith("s") and not word.endswith("ss")
        candidates = [thing for thing in self.things if (thing.endswith("s") and not thing.endswith("ss")) == is_plural]
        return self.dice.choice(candidates)
