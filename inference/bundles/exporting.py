"""Which bundle nodes should have, and having it exported. The web app and the cloud worker never import torch for it."""

import logging
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from django.conf import settings
from django.core.cache import cache

from inference.answering import cloud_queue
from inference.engine import catalogue
from inference.engine.bundles import lock
from inference.engine.bundles.signed_manifest import DIGEST
from inference.engine.bundles.store import File, Store, made_from, read_manifest
from inference.engine.catalogue import ModelsMissing
from inference.scheduling.background import FairLane
from webapp.live.errors import UserError, not_found

log = logging.getLogger(__name__)
ASK_AGAIN_S = 10
RETRY_S = 300  # after an export that failed: the cause rarely goes away by itself
NICENESS = "15"  # questions first
_lane = FairLane(threads=1, waiting_limit=1)


def store() -> Store:
    return Store(settings.BUNDLES_DIR)


def current(name: str) -> Path:
    """The bundle of a profile's present models. Raises UserError; where it has to be exported first, that is started."""
    if name not in catalogue.PROFILES:
        known = " or ".join(catalogue.PROFILES)
        raise UserError("unknown_profile", f"There is no profile {name[:40]!r}.", f"Use {known}.", 404)
    profile, folder = catalogue.profile(name), store().current(name)
    if folder is not None and folder.name == made_from(profile):
        return folder
    if sentences := catalogue.missing(profile):
        raise UserError("models_missing", sentences[0], "An administrator has to do this on the server.", 409)
    if reason := _failure(name):
        message = f"The {name} models could not be exported for nodes: {reason}"
        raise UserError("export_failed", message, "See the cloud worker log; the server tries again within five minutes.", 503)
    _request(name)
    raise UserError(
        "bundle_missing", f"The {name} models are being exported for nodes.", f"Ask again in {ASK_AGAIN_S} seconds.", 503
    )


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


def run(name: str) -> None:
    """Export in a process of its own, whose memory goes back."""
    if lock.is_locked(store(), name):
        return
    done = subprocess.run(
        ["nice", "-n", NICENESS, sys.executable, "manage.py", "models", "export", name],
        cwd=settings.BASE_DIR,
        env={**os.environ, "ISTHMUS_BUNDLES": str(settings.BUNDLES_DIR)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        _failure_file(name).unlink(missing_ok=True)
        log.info("exported the %s models: %s", name, done.stdout.strip())
        return
    last = done.stderr.strip().splitlines()[-1:] or ["its process was ended."]
    _failure_file(name).write_text(last[0].removeprefix("CommandError: "))
    log.error("the %s models could not be exported:\n%s", name, done.stderr)


def export(name: str) -> Path:
    """In this process, which needs torch. A second one waits and finds it done. Raises ModelsMissing, OSError."""
    with lock.exclusive(store(), name):
        from inference.engine.bundles.export import export as export_profile

        return export_profile(catalogue.profile(name), store())


def _failure_file(name: str) -> Path:
    return store().root / f"{name}.failed"


def _failure(name: str) -> str:
    """Why the last export failed, for as long as it is not tried again; else empty."""
    place = _failure_file(name)
    try:
        return place.read_text() if time.time() - place.stat().st_mtime < RETRY_S else ""
    except OSError:
        return ""
