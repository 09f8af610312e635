"""Which nodes a message names: "nano-2", "nano 2", or "the tablet in the barn" for one that is called "barn tablet"."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from devices.models import Node
from inference.answering.system_questions.plain_words import PLAIN
from inference.planning.rules.wording import regular

_APART = r"[\s_-]*"  # what may stand between the parts of a name
_WITHIN = frozenset({"in", "of", "on", "at", "by", "the", "a", "my", "our"})
_SHORTEST, _SIMILAR = 4, 0.8


def phrase(text: str) -> str:
    """The first words of a message that could be a name, as "tablet in the barn"; empty where every word is plain."""
    words = list(re.finditer(r"[\w'-]*\w", text))
    names = [number for number, word in enumerate(words) if not _is_plain(word[0])]
    last = names[0] if names else 0
    for number in names:
        if all(word[0] in _WITHIN for word in words[last + 1 : number]):
            last = number
    return text[words[names[0]].start() : words[last].end()].removesuffix("'s") if names else ""


def resolve(text: str) -> list[Node]:
    """The nodes whose slug or title is in a message, and those that have most of its other words that could be a name. A
    revoked node only where no other fits."""
    nodes = list(Node.objects.all())
    exact = [node for node in nodes if is_in(node.slug, text) or is_in(node.title, text)]
    exact_words = {word for node in exact for word in _own_words(node)}
    words = [word for word in _words(text) if word not in PLAIN and word not in exact_words]
    return _in_use([*_in_use(exact), *_in_use(_alike([node for node in nodes if node not in exact], words))])


def is_in(name: str, text: str) -> bool:
    """Whether a message has this name: "nano-2", "nano 2" and "nano2" are the same."""
    letters = _APART.join(re.escape(part) for part in _words(name))
    return len(letters) > 1 and re.search(rf"(?<![\w-]){letters}(?:'s)?(?![\w-])", text) is not None


def _is_plain(word: str) -> bool:
    return word.endswith("n't") or word.partition("'")[0] in PLAIN or all(part in PLAIN for part in word.split("-"))


def _alike(nodes: list[Node], words: list[str]) -> list[Node]:
    scores = {node.pk: _score(node, words) for node in nodes}
    best = max(scores.values(), default=0)
    return [node for node in nodes if scores[node.pk] == best] if 2 * best > len(words) else []


def _score(node: Node, words: list[str]) -> int:
    """How many of the words are of this node: its names, its board or its tier. Plurals and slips of the keyboard count."""
    own = _own_words(node)
    long = [word for word in own if len(word) >= _SHORTEST and word.isalpha()]
    return sum(
        word in own
        or word.removesuffix("s") in own
        or (len(word) >= _SHORTEST and word.isalpha() and bool(get_close_matches(word, long, 1, _SIMILAR)))
        for word in words
    )


def _own_words(node: Node) -> set[str]:
    return {word for text in (node.slug, node.title, node.tier, str(node.hardware.get("model") or "")) for word in _words(text)}


def _in_use(nodes: Iterable[Node]) -> list[Node]:
    rows = list(nodes)
    return [node for node in rows if node.revoked_at is None] or rows


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", regular(text).replace("'s", " "))
