"""What the commands that write a table share: an even sample, stored rows, and markers in a page."""

import json
from pathlib import Path

import pytest

from inference.lab.codes import markdown_tables
from inference.lab.codes.codec_eval import even_sample


@pytest.mark.parametrize("count", [1, 3, 10, 11, 790])
def test_a_sample_takes_no_row_twice_and_all_when_there_are_fewer(count: int) -> None:
    sample = even_sample(range(10), count)
    assert sample == sorted(set(sample)) and len(sample) == min(count, 10)


def test_rows_are_computed_once_per_recipe_and_returned_in_order(tmp_path: Path) -> None:
    file, computed = tmp_path / "state" / "rows.json", []

    def ask(recipe: object, *names: str) -> list[str]:
        def compute(name: str) -> markdown_tables.Row:
            computed.append(name)
            return {"name": name}

        rows = markdown_tables.rows(file, recipe, [(name, lambda name=name: compute(name)) for name in names])
        return [row["name"] for row in rows]

    assert ask(1, "a", "b") == ["a", "b"] and ask(1, "c", "a") == ["c", "a"]
    assert computed == ["a", "b", "c"]
    assert ask(2, "a") == ["a"] and computed == ["a", "b", "c", "a"]
    file.write_text(json.dumps([{"stored": "by an older version"}]))
    assert ask(2, "b") == ["b"]


def test_a_failing_row_loses_none_of_the_rows_before(tmp_path: Path) -> None:
    file = tmp_path / "rows.json"

    def broken() -> markdown_tables.Row:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        markdown_tables.rows(file, 1, [("a", lambda: {"a": 1}), ("b", broken)])
    assert markdown_tables.rows(file, 1, [("a", broken)]) == [{"a": 1}]


def test_writing_replaces_the_table_between_its_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- a -->\nold\n<!-- /a -->\nafter\n")
    markdown_tables.write(page, "a", "| new |")
    assert page.read_text() == "before\n<!-- a -->\n\n| new |\n\n<!-- /a -->\nafter\n"


def test_a_page_without_the_markers_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("no table here")
    with pytest.raises(SystemExit, match="has no markers <!-- a --> and <!-- /a -->; add both"):
        markdown_tables.write(page, "a", "| new |")
    assert page.read_text() == "no table here"
