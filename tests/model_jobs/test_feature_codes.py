"""Feature codes of the large models: trained by the real program, measured, and only then put beside the models."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from devices import model_choice
from inference.agreement import sampling, store
from inference.engine import catalogue
from inference.engine.catalogue import CODE
from inference.model_jobs.journal import Journal
from inference.model_jobs.work import codes, measuring
from inference.models import MethodAgreement
from webapp.live.errors import UserError

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def own_paper(small_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(small_root, tmp_path / "models")
    monkeypatch.setenv("ISTHMUS_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real program on few photos: how good a code it trains is not what is tested here."""
    monkeypatch.setattr(codes, "PROGRAM", (*codes.PROGRAM, "--quick"))


@pytest.mark.long
def test_a_code_is_used_once_it_is_measured(own_paper: Path, data: Path, claimed: Callable[..., Journal]) -> None:
    model_choice.choose("paper")
    before = model_choice.current().number
    journal = claimed("code")
    codes.run(journal)
    profile = store.profile("paper")
    assert journal.job.state == "done" and all(profile.learned(task) for task in profile.on_towers)
    rows = MethodAgreement.objects.filter(profile="paper")
    levels = {(task, method) for task in profile.on_towers for method in sampling.methods(profile, task) if "split/" in method}
    assert levels and {(row.task, row.method) for row in rows} == levels, "each level is measured, and nothing else"
    assert all(row.code == store.code_digest(profile, row.task) for row in rows), "with the code that is used"
    assert model_choice.current().number > before, "the nodes load it"


@pytest.mark.long
def test_a_code_that_was_not_measured_lies_beside_no_model(
    own_paper: Path, data: Path, claimed: Callable[..., Journal], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    journal, measure = claimed("code"), measuring.measure
    monkeypatch.setattr(measuring, "measure", interrupted)
    with pytest.raises(KeyboardInterrupt):
        codes.run(journal)
    assert not list(own_paper.glob(f"*/{CODE}")) and not catalogue.profile("paper").learned("vqa")
    staged = {file: file.stat().st_mtime_ns for file in measuring.folder(journal.job.pk).rglob(CODE)}
    assert len(staged) == 3
    monkeypatch.setattr(measuring, "measure", measure)
    monkeypatch.setattr(codes, "_train", interrupted)  # what is trained is not trained again
    codes.run(journal)
    assert len(list(own_paper.glob(f"*/{CODE}"))) == 3


@pytest.mark.long
def test_a_program_that_fails_is_one_sentence(own_paper: Path, data: Path, claimed: Callable[..., Journal]) -> None:
    for number in range(16):
        (data / f"{number:02}.jpg").write_bytes(b"no photo")
    with pytest.raises(UserError, match=r"The code for classify could not be trained: .* is damaged or not a photo"):
        codes.run(claimed("code"))
