"""A conversation as a Markdown file. What people and models wrote stays text: no character of it becomes markup. In English,
as every export is."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from webapp.chat.turn_rows import OwnTurn
from webapp.live.moments import iso

ENDED = {"stopped": "Stopped before an answer.", "failed": "No answer."}
_MARKUP = re.compile(r"([\\`*_\[\]<>|~&])")
_AT_THE_START = re.compile(r"^(\d*)([#+\-=.)])")


def document(title: str, moment: datetime, turns: Iterable[OwnTurn], photo_lines: dict[str, str]) -> str:
    """`photo_lines` has a line for each photo's id: an image, or what became of it."""
    lines = [f"# {text(title)}", "", f"Exported from Isthmus on {iso(moment)}.", ""]
    for number, turn in enumerate(turns, 1):
        lines += [f"## Question {number}", "", *_turn(turn, photo_lines), ""]
    return "\n".join(lines)


def image(path: str) -> str:
    return f"![The photo]({path})"


def text(value: str) -> str:
    """On one line, without markup."""
    return _AT_THE_START.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", " ".join(value.split())))


def _turn(turn: OwnTurn, photo_lines: dict[str, str]) -> Iterator[str]:
    if turn["created"]:
        yield from (f"*{iso(datetime.fromisoformat(turn['created']))}*", "")
    if turn["replaced_by"]:
        yield from ("*Replaced: this question was edited and sent again.*", "")
    for photo in turn["photos"]:
        yield from (photo_lines[photo["id"]], "")
    yield from (*(f"> {line}" if line else ">" for line in _lines(turn["question"])), "")
    yield from _lines(turn["answer"] or ENDED.get(turn["state"], "Not answered yet."))
    if turn["error"]:
        yield from ("", text(f"{turn['error']['message']} {turn['error']['next']}"))
    for step in turn["steps"]:
        if step["receipt"] and (where := step["receipt"].get("reason")):
            yield from (
                "",
                f"*Step {step['id']}, {text(step['task'])}, {text(str(step['receipt'].get('route')))}: {text(where)}*",
            )
    if turn["rating"]:
        note = f": {text(turn['rating']['note'])}" if turn["rating"]["note"] else "."
        yield from ("", f"*Rated {'good' if turn['rating']['up'] else 'bad'}{note}*")


def _lines(value: str) -> Iterator[str]:
    """Each line stays one: two spaces at its end break it in Markdown."""
    lines = [text(line) for line in value.splitlines()]
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        yield f"{line}  " if line and following else line
