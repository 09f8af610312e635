"""English nouns: number, people, and which words are a thing's name. Pure."""

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_IRREGULAR = {"man": "men", "woman": "women", "child": "children", "person": "people", "mouse": "mice", "goose": "geese",
              "foot": "feet", "tooth": "teeth", "leaf": "leaves", "knife": "knives", "loaf": "loaves", "wolf": "wolves"}  # fmt: skip
_SINGULARS = {plural: noun for noun, plural in _IRREGULAR.items()}
ALIKE = frozenset(["sheep", "fish", "deer", "cattle"])  # one and many
PEOPLE = frozenset(
    [
        *(
            "person",
            "man",
            "woman",
            "child",
            "kid",
            "boy",
            "girl",
            "baby",
            "adult",
            "guy",
            "lady",
            "human",
            "toddler",
            "teenager",
        ),
        *("player", "rider", "worker", "skier", "surfer", "skater", "cyclist", "bride", "groom", "passenger", "pedestrian"),
    ]
)


def is_plural(noun: str) -> bool:
    """Whether a noun, or the last of several words, is many by its form."""
    last = noun.split()[-1]
    return last in _SINGULARS or (last.endswith("s") and not last.endswith(("ss", "us", "is", "'s")))


def singular(noun: str) -> str:
    *ahead, last = noun.split()
    if last in _SINGULARS:
        last = _SINGULARS[last]
    elif last.endswith("ies") and len(last) > 4:
        last = f"{last[:-3]}y"
    elif last.endswith(("ses", "xes", "ches", "shes", "zes")):
        last = last[:-2]
    elif is_plural(last):
        last = last[:-1]
    return " ".join([*ahead, last])


def plural(noun: str) -> str:
    """Of a noun phrase, for "how many …"."""
    *ahead, last = noun.split()
    if is_plural(last) or last in ALIKE:
        return noun
    if last in _IRREGULAR:
        many = _IRREGULAR[last]
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        many = f"{last[:-1]}ies"
    else:
        many = f"{last}es" if last.endswith(("s", "x", "z", "ch", "sh")) else f"{last}s"
    return " ".join([*ahead, many])


def is_people(noun: str) -> bool:
    """Whether the last word is for people, one or many."""
    return bool(noun) and singular(noun.split()[-1]) in PEOPLE
