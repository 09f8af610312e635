"""Whoever writes while a backup is made is not held up, and what is in it fits together."""

from collections import Counter
from pathlib import Path

import pytest

from tests.backup.conftest import Place

FIRST, DURING = 10, 20  # rounds of the writer before and while backups are made


@pytest.mark.long
def test_one_state_of_the_database_with_its_photos(empty: Place, tmp_path: Path) -> None:
    empty.manage("migrate", "--no-input")
    writer = empty.start("-m", "tests.backup.write_meanwhile")
    assert writer.stdout is not None
    try:
        rounds = [int(next(writer.stdout)) for _ in range(FIRST)]
        backup = empty.start("manage.py", "backup", str(tmp_path / "busy.tar"))
        while backup.poll() is None or len(rounds) < FIRST + DURING:
            rounds.append(int(next(writer.stdout)))
        assert backup.returncode == 0, backup.communicate()[1].decode()
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.communicate()
    (tmp_path / "later").mkdir(mode=0o700)
    later = Place(tmp_path / "later")
    later.manage("restore", str(tmp_path / "busy.tar"))
    content = later.content()
    titles = [row.split("'")[3] for row in content["rows"]["chat.Conversation"]]
    numbers = Counter(title.split()[0] for title in titles)
    assert set(numbers.values()) == {2}
    assert FIRST <= len(numbers) < len(rounds), "rounds went on while the backup was made"
    missing = later.run("manage.py", "backup", "--verify", str(tmp_path / "busy.tar")).stdout.decode()
    files = sum(name.startswith("photos/") for name in content["files"])
    rows = len(content["rows"]["inference.Photo"])
    gone = int(missing.partition(" files were missing")[0].rpartition(" ")[2]) if "were missing" in missing else 0
    assert rows > 5 and files + gone == 2 * rows
