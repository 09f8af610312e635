"""Documents name files, folders, modules and commands that exist."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FOLDERS = ("webapp", "inference", "devices", "federation", "static", "templates", "bench", "tests", "docs")
LONGEST_README = 150


def names(document: Path, pattern: str) -> set[str]:
    return set(re.findall(pattern, document.read_text()))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_in_a_document_exists(document: Path) -> None:
    paths = names(document, rf"`((?:{'|'.join(FOLDERS)})/[\w./-]*)`")
    assert not [path for path in paths if not (ROOT / path).exists()]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_between_documents_leads_somewhere(document: Path) -> None:
    targets = names(document, r"\]\(([^)#:]+)(?:#[^)]*)?\)")
    assert not [target for target in targets if not (document.parent / target).exists()]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_module_that_a_document_runs_exists(document: Path) -> None:
    modules = names(document, r"python -m ((?:webapp|inference|devices|federation|bench|tests)[\w.]*)")
    modules = {name for name in modules if "NAME" not in name}
    files = {name: ROOT / name.replace(".", "/") for name in modules}
    assert not [
        name for name, path in files.items() if not (path.with_suffix(".py").exists() or (path / "__main__.py").exists())
    ]


def test_every_folder_in_the_readme_is_there() -> None:
    tree = (ROOT / "README.md").read_text().partition("## Where things are")[2].partition("## ")[0]
    folders = [name for line in re.findall(r"^((?:[a-z]+/ ?)+) ", tree, re.MULTILINE) for name in line.split()]
    assert len(folders) >= 7
    assert not [name for name in folders if not (ROOT / name).is_dir()]


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < LONGEST_README


def test_every_make_target_in_a_document_exists() -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = set(re.findall(r"^ +make ([a-z]+)", shown, re.MULTILINE))
    used = {name for document in DOCUMENTS for name in names(document, r"(?:^|`)make ([a-z]+)")}
    assert not used - targets
