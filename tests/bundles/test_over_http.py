"""Bundles over the API: for nodes only, signed for each, and resumable."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from django.test import Client, RequestFactory

from devices.agent.server import Server
from devices.registry import acl, enrolment, rotation
from inference.bundles import ranges
from inference.engine.bundles import store
from inference.engine.bundles.fetch import fetch
from inference.engine.bundles.signed_manifest import SignedManifest, key_of, verified
from inference.engine.bundles.store import MANIFEST, Store
from inference.stages.bundle_source import ROOT, ServerBundles
from tests.bundles.server import FIRST, body_of, contents, error_of, joined, write_bundle

TOWER = "classify/tower-pixels-8.onnx"
Call = Callable[..., Any]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("api")]


def test_the_manifest_is_signed_for_the_caller(call: Call, token: str, bundle: Path) -> None:
    other = joined("jetson-b")
    for bearer in (token, other):
        answer = call("/compact", bearer).json()
        assert answer["manifest"] == (bundle / MANIFEST).read_text()
        signed = SignedManifest(answer["manifest"], answer["signature"])
        assert verified(signed, key_of(bearer), "compact") == store.read_manifest(bundle)


def test_a_rotated_token_signs_from_its_first_use(call: Call, token: str, bundle: Path) -> None:
    node = enrolment.holder(token)
    assert node is not None
    enrolment.credentials(node)
    new = rotation.secrets_of(rotation.rotate(node.slug))["token"]
    answer = call("/compact", new).json()
    assert verified(SignedManifest(answer["manifest"], answer["signature"]), key_of(new), "compact")["digest"] == FIRST
    assert error_of(call("/compact", token)) == (401, "revoked")
    acl.remove(node.slug)


@pytest.mark.parametrize("path", ["/compact", f"/compact/{FIRST}/card.json"])
def test_only_approved_nodes_may_fetch(
    path: str, call: Call, bundle: Path, owner: Any, client_of: Callable[[Any], Client]
) -> None:
    assert error_of(call(path, "guess")) == (401, "revoked")
    assert client_of(owner).get(ROOT + path).status_code == 401
    assert error_of(call(path, joined("jetson-b", preapproved=False))) == (409, "not_approved")


def test_a_file_is_sent_whole_or_from_any_byte(call: Call, bundle: Path) -> None:
    data, path = contents()[TOWER], f"/compact/{FIRST}/{TOWER}"
    whole = call(path)
    assert (whole.status_code, whole["Content-Length"], body_of(whole)) == (200, str(len(data)), data)
    assert whole["ETag"] == f'"{store.read_manifest(bundle)["files"][TOWER]["sha256"]}"'
    assert "Content-Encoding" not in whole and whole["Accept-Ranges"] == "bytes"
    for start in (0, 1, 70_000, len(data) - 1):
        rest = call(path, Range=f"bytes={start}-")
        assert rest["Content-Range"] == f"bytes {start}-{len(data) - 1}/{len(data)}"
        assert (rest.status_code, rest["Content-Length"], body_of(rest)) == (206, str(len(data) - start), data[start:])
    beyond = call(path, Range=f"bytes={len(data)}-")
    assert error_of(beyond) == (416, "range_not_satisfiable") and beyond["Content-Range"] == f"bytes */{len(data)}"
    for other in ("bytes=5-9", "bytes=-5", "lines=1-", "bytes=1-,3-", "bytes=x-"):
        assert body_of(call(path, Range=other)) == data


async def test_an_asgi_server_gets_a_file_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.live.pieces.CHUNK", 10_000)
    (tmp_path / "file").write_bytes(bytes(45_000))
    answer = ranges.response(RequestFactory().get("/", headers={"Range": "bytes=5000-"}), tmp_path / "file", "etag")
    assert isinstance(answer, StreamingHttpResponse) and answer.is_async
    pieces = aiter(answer)
    assert [len(await anext(pieces)) for _ in range(2)] == [10_000, 10_000]
    answer.close()
    with pytest.raises(ValueError, match="closed file"):
        await anext(pieces)


@pytest.mark.parametrize(
    "path",
    [
        f"/compact/{FIRST}/absent.onnx",
        f"/compact/{FIRST}/{MANIFEST}",
        f"/compact/{FIRST}/classify",
        f"/compact/{FIRST}/../current",
        f"/compact/{FIRST}/classify/../card.json",
        f"/compact/{FIRST}/%2e%2e/current",
        f"/compact/{FIRST}//etc/passwd",
        "/compact/aaaaaaaaaaaaaaaa/card.json",
        f"/compact/{FIRST}.part/card.json",
        f"/compact/../{FIRST}/card.json",
        f"/paper/{FIRST}/card.json",
        f"/absent/{FIRST}/card.json",
        "/compact/../card.json",
    ],
)
def test_nothing_else_of_the_disk_is_sent(path: str, call: Call, bundle: Path) -> None:
    write_bundle(bundle.with_name(f"{FIRST}.part"), contents())
    assert error_of(call(path)) == (404, "not_found")


def test_a_listed_file_that_is_gone_is_not_found(call: Call, bundle: Path) -> None:
    (bundle / TOWER).unlink()
    assert error_of(call(f"/compact/{FIRST}/{TOWER}")) == (404, "not_found")


@pytest.mark.django_db(transaction=True)
def test_a_node_fetches_from_the_real_server(live_server: Any, bundle: Path, tmp_path: Path) -> None:
    source, place = ServerBundles(Server(live_server.url, joined("jetson-a"))), Store(tmp_path / "node")
    part = place.folder("compact", f"{FIRST}.part") / TOWER
    part.parent.mkdir(parents=True)
    part.write_bytes(contents()[TOWER][:50_000])
    folder = fetch("compact", place, source)
    assert store.damage(folder) is None and json.loads((folder / MANIFEST).read_text()) == store.read_manifest(bundle)
