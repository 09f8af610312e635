"""What survives a restart: the settings, what each watch and camera was last reported as, and events not yet delivered.

An event and the state that it leads to are stored together, so that a node which loses power reports neither twice nor never.
"""

import json
import logging
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from devices.contract.watches import Watches, WatchEvent

log = logging.getLogger(__name__)
MAX_EVENTS = 2000  # that wait for a server that is away; the oldest make room
SCHEMA = """
CREATE TABLE IF NOT EXISTS events (number INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, body TEXT NOT NULL);
"""
SETTINGS, DROPPED = "settings", "dropped"


class Store:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = folder / "watching.sqlite"
        self._lock = threading.Lock()
        self._database = self._open()

    def _open(self) -> sqlite3.Connection:
        """A damaged file is put aside: the server sends the settings again."""
        try:
            return _connect(self._file)
        except sqlite3.DatabaseError as error:
            log.error("%s is damaged (%s); starting with an empty one", self._file, error)
            self._file.replace(self._file.with_suffix(".damaged"))
            return _connect(self._file)

    def close(self) -> None:
        with self._lock:
            self._database.close()

    @property
    def watches(self) -> Watches:
        """As they were last received."""
        try:
            return Watches.model_validate(self.fact(SETTINGS) or {"digest": ""})
        except ValidationError:
            return Watches(digest="")  # of another version of the agent

    def use(self, watches: Watches) -> None:
        self.record({SETTINGS: watches.model_dump(mode="json")})

    def fact(self, name: str) -> Any:
        """None where there is none."""
        with self._lock:
            row = self._database.execute("SELECT body FROM facts WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def record(self, facts: Mapping[str, object], events: Sequence[WatchEvent] = ()) -> None:
        """All of it or nothing; a fact that is None is forgotten. The events get their numbers here. Raises sqlite3.Error where
        the disk is full."""
        with self._lock, self._database as database:
            for name, body in facts.items():
                if body is None:
                    database.execute("DELETE FROM facts WHERE name = ?", (name,))
                else:
                    _put(database, name, body)
            for event in events:
                database.execute("INSERT INTO events (body) VALUES (?)", (event.model_dump_json(exclude={"number"}),))
            self._make_room(database)

    def _make_room(self, database: sqlite3.Connection) -> None:
        (waiting,) = database.execute("SELECT count(*) FROM events").fetchone()
        if waiting <= MAX_EVENTS:
            return
        oldest = "DELETE FROM events WHERE number IN (SELECT number FROM events ORDER BY number LIMIT ?)"
        gone = database.execute(oldest, (waiting - MAX_EVENTS,)).rowcount
        row = database.execute("SELECT body FROM facts WHERE name = ?", (DROPPED,)).fetchone()
        _put(database, DROPPED, (json.loads(row[0]) if row else 0) + gone)

    def waiting(self, limit: int) -> list[WatchEvent]:
        """The oldest events that the server has not confirmed, in their order. The first says how many were dropped."""
        with self._lock:
            rows = self._database.execute("SELECT number, body FROM events ORDER BY number LIMIT ?", (limit,)).fetchall()
        dropped = self.fact(DROPPED) or 0
        return [
            WatchEvent.model_validate({**json.loads(body), "number": number, "dropped": dropped if place == 0 else 0})
            for place, (number, body) in enumerate(rows)
        ]

    def confirm(self, until: int, dropped: int = 0) -> None:
        """The server has them up to this number, and knows of so many that were dropped."""
        with self._lock, self._database as database:
            database.execute("DELETE FROM events WHERE number <= ?", (until,))
            row = database.execute("SELECT body FROM facts WHERE name = ?", (DROPPED,)).fetchone()
            _put(database, DROPPED, max(0, (json.loads(row[0]) if row else 0) - dropped))


def _connect(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, check_same_thread=False)
    file.chmod(0o600)
    database.executescript(SCHEMA)
    return database


def _put(database: sqlite3.Connection, name: str, body: object) -> None:
    database.execute("INSERT OR REPLACE INTO facts (name, body) VALUES (?, ?)", (name, json.dumps(body)))
