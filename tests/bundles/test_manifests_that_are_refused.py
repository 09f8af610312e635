"""What a server, or something between it and a node, may not make a node store."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inference.engine.bundles.signed_manifest import BundleError
from inference.engine.bundles.store import MANIFEST, Store, damage
from tests.bundles.server import BundleServer, signed


def altered(server: BundleServer, change: Callable[[dict[str, Any]], Any]) -> str:
    values = json.loads((server.folder / MANIFEST).read_text())
    return json.dumps(change(values) or values)


NAMES = (
    "../x",
    "a/../../x",
    "/etc/x",
    "a//b",
    ".hidden",
    "a\\b",
    "a b",
    "x\0",
    "",
    "x" * 201,
    MANIFEST,
    "ü.json",
    "card.json/x",
    "C:x",
)
ENTRY = {"sha256": "0" * 64, "bytes": 3}
WRONG: dict[str, Callable[[dict[str, Any]], Any]] = {
    "other models": lambda values: values.update(profile="paper"),
    "format 3": lambda values: values.update(format=3),
    "no valid digest": lambda values: values.update(digest="../../etc"),
    "1 to 200 files": lambda values: values.update(files={f"{n}.json": ENTRY for n in range(201)}),
    "4000 MB": lambda values: values.update(files={"a": {**ENTRY, "bytes": 5 * 10**9}}),
    "no manifest": lambda values: [],
    "the file 'a'": lambda values: values.update(files={"a": {**ENTRY, "bytes": -1}}),
    "the file 'b'": lambda values: values.update(files={"b": {**ENTRY, "bytes": True}}),
    "the file 'c'": lambda values: values.update(files={"c": {**ENTRY, "sha256": "0" * 63}}),
    "the file 'd'": lambda values: values.update(files={"d": None}),
    **{f"name {name[:20]!r}": lambda values, name=name: values["files"].update({name: ENTRY}) for name in NAMES},
}


@pytest.mark.parametrize("sentence", WRONG)
def test_a_signed_manifest_that_cannot_be_meant_is_refused(
    sentence: str, server: BundleServer, node: Store, get: Callable[[], Path]
) -> None:
    text = altered(server, WRONG[sentence])
    server.answers = [(200, signed("[]" if sentence == "no manifest" else text))]
    expected = "invalid entry|is a folder as well" if sentence.startswith("name ") else sentence
    with pytest.raises(BundleError, match=expected):
        get()
    assert not server.asked and not node.root.exists()


@pytest.mark.parametrize(
    "answer",
    [
        lambda text: signed(text, "another node's token"),
        lambda text: signed(text).replace(b'"signature": "', b'"signature": "0'),
        lambda text: signed(text).replace(b"tower", b"power"),
        lambda text: json.dumps({"manifest": text}).encode(),
        lambda text: json.dumps({"manifest": text, "signature": None}).encode(),
        lambda text: json.dumps({"manifest": "\ud800", "signature": "\ud800"}).encode(),
        lambda text: json.dumps({"manifest": text, "signature": "ü"}).encode(),
    ],
)
def test_a_manifest_without_the_servers_signature_is_refused(
    answer: Callable[[str], bytes], server: BundleServer, node: Store, get: Callable[[], Path]
) -> None:
    server.answers = [(200, answer((server.folder / MANIFEST).read_text()))]
    with pytest.raises(BundleError, match="is not signed"):
        get()
    assert not server.asked and not node.root.exists()


@pytest.mark.parametrize("length", [0, 1, 200])
def test_a_truncated_manifest_is_worth_another_try(length: int, server: BundleServer, get: Callable[[], Path]) -> None:
    server.answers = [(200, signed((server.folder / MANIFEST).read_text())[:length])]
    with pytest.raises(BundleError, match="not from Isthmus") as error:
        get()
    assert error.value.passes
    assert damage(get()) is None
