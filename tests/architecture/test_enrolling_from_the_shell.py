"""`manage.py enrol` prints a code with which one node can join once."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from devices.registry import codes, enrolment
from webapp.live.errors import UserError

FINGERPRINT = "0123:4567:89ab:cdef"


@pytest.fixture
def code(db: None, store: Any, capsys: pytest.CaptureFixture[str]) -> str:
    call_command("enrol", "--name=edge-1", "--tier=edge", "--preapproved")
    return capsys.readouterr().out.strip()


def test_stdout_holds_only_the_code(code: str) -> None:
    assert len(code) == codes.CODE_LETTERS
    assert code.isalpha()


def test_a_node_joins_with_the_given_name_and_tier(code: str) -> None:
    node, _ = enrolment.join(code, FINGERPRINT, {})
    assert (node.slug, node.tier, node.approved) == ("edge-1", "edge", True)


def test_the_code_is_valid_once(code: str) -> None:
    enrolment.join(code, FINGERPRINT, {})
    with pytest.raises(UserError):
        enrolment.join(code, FINGERPRINT, {})


def test_without_preapproval_the_node_waits_for_approval(db: None, store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("enrol", "--tier=device")
    node, _ = enrolment.join(capsys.readouterr().out.strip(), FINGERPRINT, {"hostname": "orin"})
    assert (node.slug, node.approved) == ("orin", False)


def test_an_invalid_name_is_refused_with_a_sentence(db: None) -> None:
    with pytest.raises(CommandError, match="is not a valid node name"):
        call_command("enrol", "--name=Not a name", "--tier=edge")
