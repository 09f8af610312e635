"""The bundles on one node: fetched into its home, or the server's own folder where that is on this machine. No Django."""

import os
from pathlib import Path

from inference.engine import catalogue
from inference.engine.bundles.store import Store, is_whole, made_from
from inference.stages import bundle_source
from inference.stages.bundle_source import Note


class NodeBundles:
    def __init__(self, home: Path) -> None:
        self.home, self.own = home, Store(home / "bundles")
        folder = os.environ.get("ISTHMUS_BUNDLES")
        self.shared = Store(Path(folder)) if folder else None

    def present(self, profile: str) -> Path | None:
        """What to start with: the server's own folder while it has this checkout's models, else what was fetched; None without
        a whole bundle."""
        current = self.shared.current(profile) if self.shared else None
        if current is not None and current.name == made_from(catalogue.profile(profile)):
            return current
        return self.own.whole(profile)

    def find(self, profile: str, digest: str) -> Path | None:
        """A whole bundle by its digest."""
        stores = [store for store in (self.shared, self.own) if store is not None]
        return next((folder for store in stores if is_whole(folder := store.folder(profile, digest))), None)

    def bring(self, profile: str, note: Note = lambda sentence: None) -> Path:
        """The server's newest, beside the one in use. Raises BundleError."""
        return bundle_source.newest(profile, self.own, bundle_source.of(self.home), note)

    def use(self, profile: str, folder: Path) -> None:
        """Start with this one from now on; the server's own folder is the server's to change."""
        if folder == self.own.folder(profile, folder.name):
            self.own.use(profile, folder.name)
