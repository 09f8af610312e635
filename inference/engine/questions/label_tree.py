"""ImageNet's thousand classes as a tree of wider names: "dog" is any of 118 breeds. The branches are data, branches.json.

Its order of classes is WordNet's, so that relatives lie side by side. Words that people use for something else than the class
of that name ("mouse" is the computer's) stand for no class.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TypedDict

from typing_extensions import NotRequired

CLASSES = 1000
OTHER = "thing"  # the kind of what no branch holds
_BUNDLED = Path(__file__).parents[1] / "weights" / "compact" / "classify" / "config.json"  # its labels, in ImageNet's order
_FIRST, _LAST = "tench", "toilet tissue"
# Second names that mean something else to most people, and names that are parts of many things.
_MISLEADING_WORDS = (
    "mouse bow nail ear spot light board market bar bars wing organ jack cell mail horn bath tub rig sub trunk crane "
    "kite admiral drumstick jersey short shades dark cock tusker killer painter ounce stage switch hook screen file safe "
    "scale slot mask maillot mortar spike hip drop head mole brass chain coil dome fly hopper house iron lens mini model "
    "mike mink needle pick pole pot press projectile racer ray reel ringlet rule ruler shield sorrel stole suit sulphur "
    "swing tank tape tick torch tray vault velvet viaduct web site window wool worm wreck plate menu lighter loafer "
    "grand upright square patten busby carrier liner hack wagon coach carriage convertible hog closet man table chest "
    "desk pier dam fountain bucket "
)
_MISLEADING = frozenset(_MISLEADING_WORDS.split())
_IRREGULAR = {
    "mice": "mouse", "geese": "goose", "wolves": "wolf", "oxen": "ox", "calves": "calf", "knives": "knife", "loaves": "loaf",
    "buses": "bus", "busses": "bus", "fungi": "fungus",
}  # fmt: skip


# One entry of branches.json. `is`: numbers and ranges of classes. `in`: the next wider branch. `words`: what people call it,
# where that is more than its name. `kind`: of the widest ones.
BranchRow = TypedDict(
    "BranchRow", {"is": str, "in": NotRequired[str], "words": NotRequired[list[str]], "kind": NotRequired[str]}
)


@dataclass(frozen=True)
class Branch:
    name: str
    classes: frozenset[int]
    kind: str  # "animal", "vehicle", …: the rows of the table of choices
    is_class: bool = False  # one class alone, by its own name


class LabelTree:
    def __init__(self, labels: Sequence[str]) -> None:
        """`labels`: of every class, synonyms separated by commas."""
        self.labels = labels
        rows: dict[str, BranchRow] = json.loads((Path(__file__).parent / "branches.json").read_text())
        self.branches: dict[str, Branch] = {}
        self._words: dict[str, Branch] = {}
        for name, row in rows.items():  # wider ones come first
            kind = row.get("kind") or self.branches[row["in"]].kind
            branch = self.branches[name] = Branch(name, frozenset(_numbers(row["is"])), kind)
            self._words |= dict.fromkeys(row.get("words", [name]), branch)
        for number, label in enumerate(labels):
            kind = self.kind_of(number)
            for word in (part.strip().lower() for part in label.split(",")):
                if word not in _MISLEADING:
                    self._words.setdefault(word, Branch(label.split(",")[0].strip(), frozenset({number}), kind, is_class=True))

    def find(self, phrase: str) -> Branch | None:
        """The branch or class that people call so, singular or plural; None for a word of none."""
        phrase = " ".join(phrase.lower().replace("-", " ").split())
        return next((self._words[form] for form in (phrase, *_singulars(phrase)) if form in self._words), None)

    def wider(self, number: int) -> list[Branch]:
        """The branches that a class is in, the narrowest first."""
        return [branch for branch in self._by_size if number in branch.classes]

    def kind_of(self, number: int) -> str:
        return next((branch.kind for branch in self.wider(number)), OTHER)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The class of each first name, as the classifier writes it."""
        return {label.split(",")[0].strip(): number for number, label in reversed(list(enumerate(self.labels)))}

    @cached_property
    def _by_size(self) -> list[Branch]:
        return sorted(self.branches.values(), key=lambda branch: len(branch.classes))


def of_labels(labels: Sequence[str]) -> LabelTree | None:
    """The tree for a classifier of ImageNet's classes in their order; None for one of other classes."""
    if len(labels) != CLASSES or not labels[0].startswith(_FIRST) or not labels[-1].startswith(_LAST):
        return None
    return LabelTree(labels)


@lru_cache(maxsize=1)
def names() -> "LabelTree":
    """The tree without a classifier: to know which words are in it."""
    labels = json.loads(_BUNDLED.read_text())["id2label"]
    return LabelTree([labels[str(number)] for number in range(CLASSES)])


def _numbers(text: str) -> Iterable[int]:
    for part in text.split():
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _singulars(phrase: str) -> Iterable[str]:
    *ahead, last = phrase.split() or [""]
    endings = [_IRREGULAR.get(last, ""), last[:-3] + "y" if last.endswith("ies") else "", last[:-2] if last.endswith("es") else "",
               last[:-1] if last.endswith("s") and not last.endswith("ss") else ""]  # fmt: skip
    return [" ".join([*ahead, ending]) for ending in endings if ending]
