"""What the commands that fill a table share: an even sample, and rows that are kept."""

import json
from pathlib import Path

import pytest

from inference.lab.codes import markdown_tables
from inference.lab.codes.codec_eval import even


@pytest.mark.parametrize("count", [1, 3, 10, 11, 790])
def test_a_sample_takes_no_row_twice_and_all_when_there_are_fewer(count: int) -> None:
    found = even(range(10), count)
    assert found == sorted(set(found)) and len(found) == min(count, 10)


def test_rows_are_made_once_in_the_order_asked_for_and_anew_by_another_recipe(tmp_path: Path) -> None:
    file, made = tmp_path / "state" / "rows.json", []

    def ask(recipe: object, *names: str) -> list[str]:
        def make(name: str) -> markdown_tables.Row:
            made.append(name)
            return {"name": name}

        found = markdown_tables.rows(file, recipe, [(name, lambda name=name: make(name)) for name in names])
        return [row["name"] for row in found]

    assert ask(1, "a", "b") == ["a", "b"] and ask(1, "c", "a") == ["c", "a"]
    assert made == ["a", "b", "c"]
    assert ask(2, "a") == ["a"] and made == ["a", "b", "c", "a"]
    file.write_text(json.dumps([{"what": "an older command left"}]))
    assert ask(2, "b") == ["b"]


def test_a_row_that_cannot_be_made_loses_none_of_those_before(tmp_path: Path) -> None:
    file = tmp_path / "rows.json"

    def broken() -> markdown_tables.Row:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        markdown_tables.rows(file, 1, [("a", lambda: {"a": 1}), ("b", broken)])
    assert markdown_tables.rows(file, 1, [("a", broken)]) == [{"a": 1}]
