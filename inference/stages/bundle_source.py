"""Bundles from this node's server, over HTTP. No Django."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from devices.agent import config
from devices.agent.server import Refused, Server, Unreachable
from inference.engine.bundles import fetch as bundle_fetch
from inference.engine.bundles.signed_manifest import (
    EXPORTING,
    INVALID,
    REFUSED,
    UNREACHABLE,
    BundleError,
    SignedManifest,
    key_of,
)
from inference.engine.bundles.store import Store, damage

log = logging.getLogger(__name__)
ROOT = "/api/v1/bundles"
# The server exports in seconds to minutes; meanwhile it is asked again.
PATIENCE_S, AGAIN_S = 600.0, 5.0
LOG_EVERY = 0.1  # of a bundle


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
        raise BundleError(EXPORTING if error.code == "bundle_missing" else UNREACHABLE, str(error)) from error
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
    patience_s: float = PATIENCE_S,
    pause: Callable[[float], None] = time.sleep,
) -> Path:
    """The server's bundle, waiting while it is exported; the one that is in use here where that fails. Raises BundleError
    without either, after `patience_s` where waiting may help."""
    ends, last = time.monotonic() + patience_s, ""
    while True:
        try:
            return bundle_fetch.fetch(profile, store, source, _Progress(profile), pause)
        except BundleError as error:
            present = store.current(profile)
            if present is not None and damage(present) is not None:
                present = None
            waits = error.code == EXPORTING or (error.passes and present is None)
            if not waits or time.monotonic() >= ends:
                if present is None:
                    raise
                log.warning("using the %s models that are here: %s", profile, error)
                return present
            if str(error) != last:
                log.info("waiting for the %s models: %s", profile, error)
            last = str(error)
        pause(AGAIN_S)


class _Progress:
    """A line of the log for every tenth of a bundle."""

    def __init__(self, profile: str) -> None:
        self._profile, self._next = profile, LOG_EVERY

    def __call__(self, done: int, total: int) -> None:
        if total and done / total >= self._next:
            log.info("%.1f of %.1f MB of the %s models are here", done / 1e6, total / 1e6, self._profile)
            self._next = done / total + LOG_EVERY
