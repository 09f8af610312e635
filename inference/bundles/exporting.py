"""Which bundle nodes should have, and having it exported. The web app and the cloud worker never import torch for it."""

import contextlib
import logging
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError

from devices import model_choice
from inference.answering import cloud_queue
from inference.bundles import failures
from inference.engine import catalogue
from inference.engine.bundles import lock
from inference.engine.bundles.signed_manifest import DIGEST
from inference.engine.bundles.store import File, Store, made_from, read_manifest
from inference.engine.catalogue import ModelsMissing
from inference.scheduling.background import FairLane
from webapp.live.errors import UserError, not_found

log = logging.getLogger(__name__)
ASK_AGAIN_S = 10
LONGEST_S = 3600  # of an export; the bundled models take seconds, the large ones minutes
NICENESS = "15"  # questions first
_lane = FairLane(threads=1, waiting_limit=1)


def store() -> Store:
    return Store(settings.BUNDLES_DIR)


def current(name: str) -> Path:
    """The bundle of a profile's present models. Raises UserError; where it has to be exported first, that is started."""
    if name not in catalogue.PROFILES:
        known = " or ".join(catalogue.PROFILES)
        raise UserError("unknown_profile", f"There is no profile {name[:40]!r}.", f"Use {known}.", 404)
    if folder := present(name):
        return folder
    if sentences := catalogue.missing(catalogue.profile(name)):
        raise UserError("models_missing", sentences[0], "An administrator has to do this on the server.", 409)
    if failure := failures.latest(name):
        remedy = f"The server tries again in {failure.minutes}. An administrator finds the reason in the cloud worker log."
        raise UserError("export_failed", failure.sentence, remedy, 503)
    _request(name)
    raise UserError(
        "bundle_missing", f"The {name} models are being exported for nodes.", f"Ask again in {ASK_AGAIN_S} seconds.", 503
    )


def present(name: str) -> Path | None:
    """The bundle of a profile's present models, if it has been exported."""
    folder = store().current(name)
    return folder if folder and folder.name == made_from(catalogue.profile(name)) else None


def file(name: str, digest: str, path: str) -> tuple[Path, File]:
    """A file of a bundle on this server, which need not be the present one. Raises UserError."""
    if name not in catalogue.PROFILES or not DIGEST.fullmatch(digest):
        raise not_found("bundle")
    folder = store().folder(name, digest)
    try:
        entry = read_manifest(folder)["files"].get(path)
    except ModelsMissing:
        raise not_found("bundle") from None
    if entry is None or not (folder / path).is_file():
        raise not_found("file in this bundle")
    return folder / path, entry


def _request(name: str) -> None:
    """Many nodes ask at once; one message is enough for all of them."""
    key = f"export:{name}"
    if lock.is_locked(store(), name) or not cache.add(key, True, ASK_AGAIN_S):
        return
    if not cloud_queue.export(name):
        cache.delete(key)


def submit(name: str) -> None:
    """Export in a thread, beside the questions. A profile that waits or is being exported is not exported again."""
    _lane.submit(catalogue.PROFILES.index(name), partial(run, name))


def refresh() -> None:
    """Called by the clock. Offer nodes the newest export of the models that answer; where these have changed since nodes asked
    for them, export them again."""
    name = model_choice.active()
    if folder := present(name):
        model_choice.exported(name, folder.name)
    elif store().current(name) and not catalogue.missing(catalogue.profile(name)):
        submit(name)


def run(name: str) -> None:
    """Export in a process of its own: its memory goes back, and it goes on when this one is killed. After a failure nothing is
    done for a while."""
    if lock.is_locked(store(), name) or present(name) or failures.latest(name):
        return
    if reason := _export_apart(name):
        with lock.exclusive(store(), name):  # a process that was killed has left half of it
            store().remove_parts(name)
        failures.record(name, reason)


def _export_apart(name: str) -> str:
    """Why it failed; empty where it did not."""
    try:
        done = subprocess.run(
            ["nice", "-n", NICENESS, sys.executable, "manage.py", "models", "export", name],
            cwd=settings.BASE_DIR,
            env={**os.environ, "ISTHMUS_BUNDLES": str(settings.BUNDLES_DIR)},
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_S,
        )
    except subprocess.TimeoutExpired:
        return f"It took longer than {LONGEST_S / 60:.0f} minutes and was stopped."
    except OSError as error:
        return f"Its process did not start ({error.strerror})."
    if done.returncode == 0:
        log.info("exported the %s models: %s", name, done.stdout.strip())
        return ""
    log.error("the %s models could not be exported:\n%s", name, done.stderr)
    if done.returncode < 0:
        return f"Its process was ended by signal {-done.returncode}; most likely there was too little memory."
    lines = done.stderr.strip().splitlines() or [f"Its process ended with status {done.returncode}."]
    return lines[-1].removeprefix("CommandError: ")


def export(name: str) -> Path:
    """In this process, which needs torch. A second one waits and finds it done. Raises ModelsMissing, OSError."""
    with lock.exclusive(store(), name):
        from inference.engine.bundles.export import export as export_profile

        folder = export_profile(catalogue.profile(name), store())
    failures.forget(name)
    with contextlib.suppress(DatabaseError):  # before `migrate`; the clock repeats it
        model_choice.exported(name, folder.name)
    return folder
