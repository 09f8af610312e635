"""System checks that run at start."""

from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

from webapp import checks


def test_the_default_settings_pass() -> None:
    assert run_checks() == []


def test_a_wildcard_host_is_refused(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "*"]
    (problem,) = checks.hosts_are_named(None)
    assert problem.id == "isthmus.E001"
    assert problem.hint


def test_a_secret_readable_by_others_is_refused(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    secret = tmp_path / "secrets" / "secret_key"
    secret.parent.mkdir()
    secret.write_text("s")
    secret.chmod(0o640)
    (problem,) = checks.secrets_are_private(None)
    assert (problem.id, problem.hint) == ("isthmus.E002", f"chmod 600 {secret}")
    secret.chmod(0o600)
    assert checks.secrets_are_private(None) == []


def test_a_planner_without_key_or_address_is_refused(settings: Any) -> None:
    settings.PLANNER = {"base_url": "", "api_key": "", "model": "m", "azure_api_version": ""}
    (problem,) = checks.planner_is_configured(None)
    assert problem.id == "isthmus.E003"


@pytest.mark.parametrize("part", ["base_url", "api_key"])
def test_a_key_or_an_address_is_enough_for_a_planner(part: str, settings: Any) -> None:
    settings.PLANNER = {"base_url": "", "api_key": "", "model": "m", "azure_api_version": "", part: "x"}
    assert checks.planner_is_configured(None) == []


@pytest.mark.parametrize(
    ("part", "value", "ids"),
    [
        ("timeout_s", 59.0, []),
        ("timeout_s", 60.0, ["isthmus.E004"]),
        ("timeout_s", 0.0, ["isthmus.E004"]),
        ("timeout_s", float("nan"), ["isthmus.E004"]),
        ("max_tokens", 0, ["isthmus.E005"]),
    ],
)
def test_a_planner_needs_time_and_tokens_but_not_all_time(part: str, value: float, ids: list[str], settings: Any) -> None:
    settings.TURN_DEADLINE_S = 60
    settings.PLANNER = {**settings.PLANNER, part: value}
    problems = checks.planner_has_bounds(None)
    assert [problem.id for problem in problems] == ids and all(problem.hint for problem in problems)


def test_the_checks_run_with_djangos_own(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert "isthmus.E001" in {problem.id for problem in run_checks()}
