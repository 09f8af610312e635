"""One question about two photos, over the whole stack: by the API and from the shell."""

import json
from pathlib import Path

import pytest

from bench.harness.stack import Stack
from tests.conftest import draw_photo

pytestmark = pytest.mark.slow


def test_each_photo_is_asked_and_named_in_the_answer(stack: Stack) -> None:
    photos = [stack.upload(draw_photo(seed)) for seed in (81, 82)]
    turn = stack.finished(stack.put("Describe this photo.", photos=photos)["id"])
    assert turn["state"] == "answered", turn["error"]
    assert [step["receipt"]["photo"] for step in turn["steps"]] == photos and turn["plan"]["photos"] == 2
    assert turn["answer"].startswith("First photo: ") and "Second photo: " in turn["answer"]
    later = stack.finished(stack.put("What is in the first photo?", conversation=turn["conversation"])["id"])
    assert [step["receipt"]["photo"] for step in later["steps"]] == photos[:1]
    assert later["answer"].startswith("First photo: ")


@pytest.mark.long
def test_the_shell_asks_about_two_photos(stack: Stack, tmp_path: Path) -> None:
    files = [tmp_path / f"{seed}.jpg" for seed in (83, 84)]
    for file in files:
        file.write_bytes(draw_photo(int(file.stem)))
    done = stack.manage("ask", *map(str, files), "What is different?", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.strip().splitlines()[-1])
    assert [step["before"] for step in result["plan"]["steps"]] == [1, 0]
    assert "First photo: " in result["answer"] and "I look at one photo at a time" in result["answer"]
    wrong = stack.manage("ask", str(files[0]), str(tmp_path), "What?")
    assert wrong.returncode == 2 and "is a folder" in wrong.stderr
