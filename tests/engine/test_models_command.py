"""`manage.py models`: what is there, and a sentence instead of a traceback where the hub cannot be reached."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db
def test_list_names_both_profiles_and_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ISTHMUS_MODELS", str(tmp_path))
    out = io.StringIO()
    call_command("models", "list", "--json", stdout=out)
    *lines, last = out.getvalue().splitlines()
    assert "compact (active): ready" in lines and "paper: not ready" in lines
    assert "  The vqa model (Salesforce/blip-vqa-base) is not on this machine; run `python manage.py models fetch`." in lines
    report = json.loads(last)
    assert report["active"] == "compact" and [one["ready"] for one in report["profiles"]] == [True, False]


def test_fetch_offline_is_one_sentence_with_the_remedy(tmp_path: Path) -> None:
    """In a process of its own: the hub's client reads its switch once."""
    alone = {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path / "hub"),
        "ISTHMUS_VAR": str(tmp_path / "var"),
        "ISTHMUS_MODELS": "",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "models", "fetch"],
        cwd=ROOT,
        env={**os.environ, **alone},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stdout.splitlines() == ["asking the hub for google/vit-base-patch16-224"]
    assert done.stderr.strip() == (
        "CommandError: The model hub cannot be reached for google/vit-base-patch16-224. Connect this machine to the internet, "
        "name a proxy in HTTPS_PROXY or a mirror in HF_ENDPOINT, and start it again; or put the folders classify, caption and "
        "vqa in one folder and name it in ISTHMUS_MODELS."
    )


def test_an_unknown_word_is_refused() -> None:
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("models", "guess")
