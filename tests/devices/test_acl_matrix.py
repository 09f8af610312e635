"""Every kind of key, channel and command: what a node may do with it, over a real Redis; and that this outlives faults."""

from typing import Any

import pytest
from django.core.management import call_command

from devices.registry import acl, acl_audit


def test_a_node_may_do_what_it_must_and_nothing_else(store: Any) -> None:
    wrong = [(row.words, "allowed" if got else "refused") for row, got in acl_audit.measured() if got != row.allowed]
    assert wrong == []


def test_the_matrix_can_fail(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acl, "COMMANDS", (*acl.COMMANDS, "flushall"))
    assert [row.words for row, got in acl_audit.measured() if got != row.allowed] == ["FLUSHALL"]


def test_trying_leaves_nothing_behind(store: Any) -> None:
    before = store.acl_users()
    acl_audit.measured()
    assert store.acl_users() == before


def test_the_table_is_printed(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("acl_matrix")
    printed = capsys.readouterr().out
    assert f"{len(acl_audit.ROWS)} tried" in printed
    assert ", 0 not as meant." in printed
