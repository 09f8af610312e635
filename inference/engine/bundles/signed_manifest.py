"""A manifest as it travels, and what a node accepts of it. No torch.

It is signed with what the server and one node have in common: the SHA-256 of the node's bearer token, which is all that the
server stores of it. So an answer from a cache, from another server or for another node is refused. Whoever can read the
connection has the token too; against them only TLS helps.
"""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import Any

from inference.engine.bundles import layout
from inference.engine.bundles.store import DIGEST_CHARS, MANIFEST, File, Manifest

MAX_FILES, MAX_BYTES, MAX_NAME = 200, 4_000_000_000, 200
# By BundleError.code; the first three pass with time.
UNREACHABLE, EXPORTING, NOT_EXPORTED = "unreachable", "exporting", "not_exported"
REFUSED, INVALID, STORAGE = "refused", "invalid", "storage"
DIGEST, SHA256 = re.compile(rf"[0-9a-f]{{{DIGEST_CHARS}}}"), re.compile(r"[0-9a-f]{64}")
_PART = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*")
NOT_FOR_US = "Nothing was changed. Update Isthmus on the server and the agent on this node."


class BundleError(Exception):
    """A sentence for people: what happened, and what to do next. `code` is for programs."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code

    @property
    def passes(self) -> bool:
        """Whether the same attempt may succeed later."""
        return self.code in (UNREACHABLE, EXPORTING, NOT_EXPORTED)


@dataclass(frozen=True)
class SignedManifest:
    text: str  # as in the file `manifest.json`
    signature: str  # hex


def key_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def signature(text: str, key: str) -> str:
    return hmac.new(key.encode(), _bytes(text), "sha256").hexdigest()


def verified(signed: SignedManifest, key: str, profile: str) -> Manifest:
    """Raises BundleError."""
    if not hmac.compare_digest(_bytes(signature(signed.text, key)), _bytes(signed.signature)):
        raise BundleError(
            INVALID,
            f"The list of the {profile} models is not signed by this node's server. Nothing was changed. "
            "Check the server's address and the proxies on the way to it.",
        )
    try:
        values = json.loads(signed.text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict) or not isinstance(values.get("files"), dict):
        raise BundleError(INVALID, f"The list of the {profile} models is no manifest. {NOT_FOR_US}")
    if values.get("format") != layout.FORMAT:
        raise BundleError(
            INVALID,
            f"The server has the {profile} models in format {str(values.get('format'))[:20]}, and this node reads "
            f"{layout.FORMAT}. {NOT_FOR_US}",
        )
    if values.get("profile") != profile:
        raise BundleError(INVALID, f"The server sent a list of other models than {profile}. {NOT_FOR_US}")
    digest = values.get("digest")
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        raise BundleError(INVALID, f"The bundle of the {profile} models has no valid digest. {NOT_FOR_US}")
    return {"format": layout.FORMAT, "profile": profile, "digest": digest, "files": _files(values["files"], profile)}


def _bytes(text: str) -> bytes:
    """JSON may hold half a character, which UTF-8 alone refuses."""
    return text.encode("utf-8", "surrogatepass")


def _files(values: dict[str, Any], profile: str) -> dict[str, File]:
    files = {name: _file(name, file, profile) for name, file in values.items()}
    total = sum(file["bytes"] for file in files.values())
    if not 1 <= len(files) <= MAX_FILES or total > MAX_BYTES:
        raise BundleError(
            INVALID,
            f"The bundle of the {profile} models has {len(files)} files of {total / 1e6:.0f} MB; 1 to {MAX_FILES} files and "
            f"{MAX_BYTES / 1e6:.0f} MB are accepted. {NOT_FOR_US}",
        )
    folders = {name.rpartition("/")[0] for name in files}
    if any(folder == name or folder.startswith(f"{name}/") for name in files for folder in folders):
        raise BundleError(INVALID, f"The bundle of the {profile} models names a file that is a folder as well. {NOT_FOR_US}")
    return files


def _file(name: str, values: Any, profile: str) -> File:
    sha256, size = (values.get("sha256"), values.get("bytes")) if isinstance(values, dict) else (None, None)
    plain = len(name) <= MAX_NAME and _NAME.fullmatch(name) and name != MANIFEST
    # A bool is an int.
    if not plain or not isinstance(sha256, str) or not SHA256.fullmatch(sha256) or type(size) is not int or size < 0:
        raise BundleError(
            INVALID, f"The bundle of the {profile} models has an invalid entry for the file {name[:60]!r}. {NOT_FOR_US}"
        )
    return {"sha256": sha256, "bytes": size}
