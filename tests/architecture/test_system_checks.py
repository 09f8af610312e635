"""What must not be so when Isthmus starts."""

from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

from webapp import checks


def test_the_settings_as_they_come_pass() -> None:
    assert run_checks() == []


def test_a_star_among_the_hosts_is_refused(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "*"]
    (found,) = checks.hosts_are_named(None)
    assert found.id == "isthmus.E001"
    assert found.hint


def test_a_secret_that_others_can_read_is_refused(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    secret = tmp_path / "secrets" / "secret_key"
    secret.parent.mkdir()
    secret.write_text("s")
    secret.chmod(0o640)
    (found,) = checks.secrets_are_private(None)
    assert (found.id, found.hint) == ("isthmus.E002", f"chmod 600 {secret}")
    secret.chmod(0o600)
    assert checks.secrets_are_private(None) == []


def test_a_planner_without_key_and_address_is_refused(settings: Any) -> None:
    settings.PLANNER = {"base_url": "", "api_key": "", "model": "m", "azure_api_version": ""}
    (found,) = checks.planner_is_whole(None)
    assert found.id == "isthmus.E003"


@pytest.mark.parametrize("part", ["base_url", "api_key"])
def test_a_planner_with_key_or_address_is_whole(part: str, settings: Any) -> None:
    settings.PLANNER = {"base_url": "", "api_key": "", "model": "m", "azure_api_version": "", part: "x"}
    assert checks.planner_is_whole(None) == []


def test_the_checks_run_with_djangos_own(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert "isthmus.E001" in {problem.id for problem in run_checks()}
