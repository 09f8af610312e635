"""Train the feature codes of the large models, measure what their levels cost, and only then give them to the nodes.

The training is the program `inference.lab.codes.train_codec`, in a process of its own that ends with this one. Each finished
split point is stored by it, so that a job that was stopped or killed resumes with the next one.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypedDict

from django.conf import settings

from devices import model_choice
from inference.engine import catalogue
from inference.engine.catalogue import CODE, Profile
from inference.model_jobs import photo_source
from inference.model_jobs.journal import Journal
from inference.model_jobs.work import measuring
from webapp.live.errors import UserError

PROGRAM = ("-m", "inference.lab.codes.train_codec", "--json-progress", "--end-with-stdin")
TRAINED = 0.7  # of the job; the rest is measuring


def run(journal: Journal) -> None:
    profile, job = catalogue.profile(journal.job.profile), journal.job
    place, files = measuring.folder(job.pk), photo_source.files(job)
    photos = _linked(place / "photos", files)
    staged = _staged(place / "models", profile)
    for number, (task, folder) in enumerate(staged.folders.items()):
        if folder is not None and not (folder / CODE).exists():
            _train(journal, task, folder, photos, number, len(staged.folders))
    staged = replace(staged)  # what was cached of the files is read again
    measuring.measure(journal, staged, files, "split/")
    for task, folder in staged.folders.items():
        target = profile.folders[task]
        if folder is not None and target is not None:
            _install(folder / CODE, target / CODE)
    shutil.rmtree(place, ignore_errors=True)
    journal.finished("trained and measured")
    if model_choice.active() == profile.name:
        model_choice.choose(profile.name)  # the nodes load them, one after the other


def _train(journal: Journal, task: str, folder: Path, photos: Path, number: int, count: int) -> None:
    command = [sys.executable, *PROGRAM, "--tower", str(folder), "--photos", str(photos)]
    errors = folder / "training.log"
    with errors.open("wb") as log:
        child = subprocess.Popen(command, cwd=settings.BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        assert child.stdout is not None
        for line in _progress(child.stdout):
            done = 100 * (number + line["share"]) / count * TRAINED
            journal.progress(done, 100, "percent", f"training the code for {task}: {line['what']}")
        status = child.wait()
    if status:
        last = errors.read_text(errors="replace").strip().splitlines()[-1:] or ["its process was ended"]
        raise UserError("training_failed", f"The code for {task} could not be trained: {last[0][:300]}", "Resume it.", 500)


class Part(TypedDict):
    """A line of the program's progress."""

    share: float
    what: str


def _progress(lines: Iterable[bytes]) -> Iterator[Part]:
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue  # what else it prints
        if isinstance(row, dict) and "share" in row:
            yield Part(share=float(row["share"]), what=str(row["what"]))


def _linked(place: Path, files: list[Path]) -> Path:
    """A folder of links to the photos: the program takes a folder, and nothing is copied."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for number, file in enumerate(files):
        (place / f"{number:04}{file.suffix}").symlink_to(file.resolve())
    return place


def _staged(place: Path, profile: Profile) -> Profile:
    """The same models, in folders where a code that nobody has measured yet serves nobody."""
    folders: dict[str, Path | str] = {}
    for task in profile.on_towers:
        source, target = profile.folders[task], place / task
        target.mkdir(parents=True, exist_ok=True)
        assert source is not None, "checked before the job was started"
        for file in source.iterdir():
            link = target / file.name
            if file.name != CODE and not link.exists():
                link.symlink_to(file.resolve())
        folders[task] = target
    return replace(Profile.from_folders(profile.name, folders), models=profile.models)


def _install(source: Path, target: Path) -> None:
    part = target.with_suffix(".part")
    shutil.copyfile(source, part)
    part.replace(target)
