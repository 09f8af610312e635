"""The audit of what a node may do in Redis with every kind of key, channel and command, over a real Redis."""

from typing import Any

import pytest
from django.core.management import call_command

from devices.registry import acl, acl_audit


def test_a_node_may_do_what_it_must_and_nothing_else(store: Any) -> None:
    wrong = [(check.command, allowed) for check, allowed in acl_audit.run() if allowed != check.allowed]
    assert wrong == []


def test_the_audit_finds_a_command_that_should_be_refused(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acl, "COMMANDS", (*acl.COMMANDS, "flushall"))
    assert [check.command for check, allowed in acl_audit.run() if allowed != check.allowed] == ["FLUSHALL"]


def test_the_audit_tries_every_command_of_this_redis(store: Any) -> None:
    tried = {check.command.split()[0].lower() for check, _ in acl_audit.run()}
    assert set(store.command()) - tried <= acl_audit.HARMLESS | acl_audit.LISTED_ONLY


def test_the_temporary_users_are_removed(store: Any) -> None:
    before = store.acl_users()
    acl_audit.run()
    assert store.acl_users() == before


def test_the_table_is_printed(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("acl_matrix")
    printed = capsys.readouterr().out
    assert "no   EVAL return_1 0" in printed and "commands are refused unless listed here" in printed
    assert ", 0 wrong." in printed
