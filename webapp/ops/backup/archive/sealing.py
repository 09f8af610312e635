"""Encryption with age (age-encryption.org): to public keys, so that the server itself cannot read its backups.

age's own program, and every other that knows the format, opens them as well: `age --decrypt --identity KEY FILE | tar -tv`.
"""

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyrage

from webapp.ops.backup.errors import BackupError

MAGIC = b"age-encryption.org/"
ENDING = ".age"
FAILURES = (pyrage.DecryptError, pyrage.EncryptError)


def recipients(text: str) -> list[Any]:
    """Public keys, separated by commas or lines: age's own (age1…) and those of SSH. Raises BackupError."""
    keys = [line.strip() for line in text.replace(",", "\n").splitlines()]
    return [_recipient(key) for key in keys if key and not key.startswith("#")]


def identities(file: Path) -> list[Any]:
    """The private keys in a file. Raises BackupError."""
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise BackupError(f"The key file {file} cannot be read ({error}).") from None
    try:
        if text.startswith("-----BEGIN"):
            return [pyrage.ssh.Identity.from_buffer(text.encode())]
        keys = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
        found = [pyrage.x25519.Identity.from_str(key) for key in keys]
    except pyrage.IdentityError as error:
        raise BackupError(f"{file} holds no usable private key ({error}); name the one that `backup --new-key` made.") from None
    if not found:
        raise BackupError(f"{file} holds no private key; name the one that `backup --new-key` made.")
    return found


def new_key(file: Path) -> str:
    """Write a private key and return its public one. Raises BackupError where the file exists."""
    key = pyrage.x25519.Identity.generate()
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            handle.write(f"# public key: {key.to_public()}\n{key}\n")
    except FileExistsError:
        raise BackupError(f"{file} exists and is not overwritten; backups may need the key in it. Name another.") from None
    except OSError as error:
        raise BackupError(f"{file} cannot be written ({error.strerror}).") from None
    return str(key.to_public())


@contextmanager
def sealed(sink: IO[bytes], keys: list[Any]) -> Iterator[IO[bytes]]:
    """A file whose content arrives in `sink` encrypted; without keys, `sink` itself."""
    if not keys:
        yield sink
        return
    read_end, write_end = os.pipe()
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(_seal, read_end, sink, keys)
        try:
            with os.fdopen(write_end, "wb") as entrance:
                yield entrance
        except BrokenPipeError:
            done.result()  # the reason why nobody reads any more
            raise
        done.result()


@contextmanager
def opened(path: Path, keys: list[Any]) -> Iterator[IO[bytes]]:
    """The plain content, to be read once from start to end. Raises BackupError where the keys do not open it."""
    with path.open("rb") as file:
        is_sealed = file.read(len(MAGIC)) == MAGIC
        file.seek(0)
        if not is_sealed:
            yield file
            return
        if not keys:
            raise BackupError(f"{path.name} is encrypted. Give the private key: --identity FILE.")
        read_end, write_end = os.pipe()
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(_open, file, write_end, keys)
            try:
                with os.fdopen(read_end, "rb") as outlet:
                    yield outlet
            except BackupError:
                _explain(path, done)  # what could not be decrypted looks like a file that ends early
                raise
            _explain(path, done)


def _explain(path: Path, done: "Future[None]") -> None:
    error = done.exception()
    if isinstance(error, BrokenPipeError):  # we read no further
        return
    if isinstance(error, (*FAILURES, OSError)):  # pyrage raises the second for what ends early
        raise BackupError(f"{path.name} cannot be decrypted ({error}): it is damaged, or for another key.") from error
    if error is not None:
        raise error


def _seal(read_end: int, sink: IO[bytes], keys: list[Any]) -> None:
    with os.fdopen(read_end, "rb") as plain:
        pyrage.encrypt_io(plain, sink, keys)


def _open(file: IO[bytes], write_end: int, keys: list[Any]) -> None:
    with os.fdopen(write_end, "wb") as plain:
        pyrage.decrypt_io(file, plain, keys)


def _recipient(key: str) -> Any:
    kind = pyrage.ssh if key.startswith("ssh-") else pyrage.x25519
    try:
        return kind.Recipient.from_str(key)
    except pyrage.RecipientError as error:
        raise BackupError(f"{key[:20]}… is no public key ({error}). `backup --new-key FILE` makes a pair.") from None
