"""Bundles from this node's server, over HTTP. No Django."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from devices.agent import config, jobs
from devices.agent.server import Refused, Server, Unreachable
from inference.engine.bundles import fetch as bundle_fetch
from inference.engine.bundles.signed_manifest import (
    EXPORTING,
    INVALID,
    NOT_EXPORTED,
    REFUSED,
    UNREACHABLE,
    BundleError,
    SignedManifest,
    key_of,
)
from inference.engine.bundles.store import Store

log = logging.getLogger(__name__)
ROOT = "/api/v1/bundles"
# The server exports in seconds to minutes; meanwhile it is asked again.
PATIENCE_S, AGAIN_S = 600.0, 5.0
CODES = {"bundle_missing": EXPORTING, "export_failed": NOT_EXPORTED}  # by the server's, where it cannot answer yet
LOG_EVERY = 0.1  # of a bundle
Note = Callable[[str], None]


class ServerBundles:
    """The source of `inference.engine.bundles.fetch`."""

    def __init__(self, server: Server) -> None:
        self._server = server

    @property
    def key(self) -> str:
        return key_of(self._server.token)

    def manifest(self, profile: str) -> SignedManifest:
        with _as_bundle_errors():
            answer = self._server.get(f"{ROOT}/{quote(profile, safe='')}")
        text, signature = answer.get("manifest"), answer.get("signature")
        if not isinstance(text, str) or not isinstance(signature, str):
            sentence = f"The server's list of the {profile} models is not signed. Nothing was changed. Update Isthmus there."
            raise BundleError(INVALID, sentence)
        return SignedManifest(text, signature)

    def download(self, place: str, part: Path, size: int, advanced: Callable[[int], None]) -> None:
        with _as_bundle_errors():
            self._server.download(f"{ROOT}/{quote(place)}", part, size, advanced)


@contextmanager
def _as_bundle_errors() -> Iterator[None]:
    try:
        yield
    except Unreachable as error:
        raise BundleError(CODES.get(error.code, UNREACHABLE), str(error)) from error
    except Refused as error:
        raise BundleError(REFUSED, str(error)) from error


def of(home: Path) -> ServerBundles:
    """With the address and the token of the node in this home. Raises ConfigError."""
    node = config.load(home)
    return ServerBundles(Server(node.server, node.token, node.server_ca))


def newest(
    profile: str,
    store: Store,
    source: bundle_fetch.Source,
    note: Note = lambda sentence: None,
    patience_s: float = PATIENCE_S,
    pause: Callable[[float], None] = time.sleep,
) -> Path:
    """The server's bundle, beside the one in use; waits while it is exported, or the server is away. `note` gets a sentence
    about what happens. Raises BundleError, after `patience_s` where waiting helps."""
    ends, last = time.monotonic() + patience_s, ""
    while True:
        try:
            return bundle_fetch.fetch(profile, store, source, _Progress(profile, note), pause)
        except BundleError as error:
            if not error.passes or error.code == NOT_EXPORTED or time.monotonic() >= ends:
                raise
            if str(error) != last:
                log.info("waiting for the %s models: %s", profile, error)
            last = str(error)
            note(last)
        pause(AGAIN_S)


class _Progress:
    """A line for every tenth of a bundle. What the node answers goes first."""

    def __init__(self, profile: str, note: Note) -> None:
        self._profile, self._note, self._next = profile, note, 0.0

    def __call__(self, done: int, total: int) -> None:
        jobs.go_first()
        if total and done / total >= self._next:
            log.info("%.1f of %.1f MB of the %s models are here", done / 1e6, total / 1e6, self._profile)
            self._note(f"It fetches the {self._profile} models: {done / 1e6:.0f} of {total / 1e6:.0f} MB are here.")
            self._next = done / total + LOG_EVERY
