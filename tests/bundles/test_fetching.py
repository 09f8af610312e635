"""A node fetches a bundle: nothing twice, nothing damaged, nothing that its server did not name."""

import errno
import json
import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inference.engine.bundles import fetch as fetch_module
from inference.engine.bundles.fetch import fetch
from inference.engine.bundles.signed_manifest import EXPORTING, NOT_EXPORTED, REFUSED, STORAGE, UNREACHABLE, BundleError
from inference.engine.bundles.store import CURRENT, Store, damage
from inference.stages import bundle_source
from tests.bundles.server import FIRST, SECOND, SIZES, BundleServer, contents, write_bundle

TOWER = "classify/tower-pixels-8.onnx"
TOTAL = sum(SIZES.values())


def publish(server: BundleServer, digest: str = SECOND, **changed: bytes) -> dict[str, bytes]:
    """The server's next bundle: some files differ."""
    files = contents() | dict(changed)
    server.folder = write_bundle(server.folder.with_name(digest), files, digest=digest)
    return files


def test_a_fresh_fetch_is_the_servers_bundle(server: BundleServer, node: Store, get: Callable[[], Path]) -> None:
    steps: list[tuple[int, int]] = []
    place = fetch("compact", node, server.source(), lambda done, total: steps.append((done, total)))
    assert place == node.folder("compact", FIRST) and damage(place) is None and node.current("compact") is None
    assert {name: (place / name).read_bytes() for name in SIZES} == contents()
    assert steps == sorted(steps) and steps[-1] == (TOTAL, TOTAL)
    assert not list((node.root / "compact").glob("*.part"))


def test_there_is_nothing_to_do_when_it_is_current(server: BundleServer, get: Callable[[], Path]) -> None:
    first = get()
    server.asked.clear()
    assert get() == first and not server.asked


def test_a_broken_connection_is_resumed_and_nothing_is_sent_twice(server: BundleServer, get: Callable[[], Path]) -> None:
    server.cuts = [10**6, 10**6, 123, 10_000, 1, 40_000]
    assert damage(get()) is None
    assert sum(server.sent.values()) == TOTAL and len(server.asked) > len(SIZES) - 1


def test_what_has_arrived_outlives_a_fetch_that_failed(server: BundleServer, node: Store, get: Callable[[], Path]) -> None:
    server.cuts = [10**6, 10**6, 10**6, 50_000, 0, 0, 0, 0]
    with pytest.raises(BundleError, match=r"broke\. 0\.1 of 0\.1 MB of the models have arrived; the next attempt") as error:
        get()
    assert error.value.code == UNREACHABLE and node.current("compact") is None
    assert damage(get()) is None
    assert sum(server.sent.values()) == TOTAL and (TOWER, 50_000) in server.asked


def test_a_server_that_ignores_ranges_starts_the_file_again(server: BundleServer, get: Callable[[], Path]) -> None:
    server.ignores_ranges, server.cuts = True, [10**6, 10**6, 10**6, 50_000]
    assert damage(get()) is None
    assert server.sent[TOWER] == 50_000 + SIZES[TOWER]


def test_no_more_than_the_size_is_stored(server: BundleServer, node: Store, get: Callable[[], Path]) -> None:
    server.surplus = b"more" * 1000
    place = get()
    assert {name: (place / name).stat().st_size for name in SIZES} == SIZES


def test_only_a_changed_file_is_fetched_for_an_update(server: BundleServer, node: Store, get: Callable[[], Path]) -> None:
    first = get()
    files = publish(server, **{"vqa/step.onnx": b"new" * 9000, "new.json": b"{}"})
    server.asked.clear()
    second = get()
    assert sorted(name for name, _ in server.asked) == ["new.json", "vqa/step.onnx"]
    assert second == node.current("compact") and damage(second) is None and damage(first) is None
    assert {name: (second / name).read_bytes() for name in files} == files


def test_the_bundle_in_use_stays_so_while_a_newer_one_lies_beside_it(
    server: BundleServer, node: Store, get: Callable[[], Path]
) -> None:
    first = get()
    publish(server, **{"card.json": b"{}"})
    second = fetch("compact", node, server.source())
    assert second.name == SECOND and damage(second) is None
    assert node.current("compact") == node.whole("compact") == first
    publish(server, "a" * 16, **{"card.json": b"[]"})
    fetch("compact", node, server.source())
    assert {folder.name for folder in first.parent.iterdir() if folder.is_dir()} == {first.name, "a" * 16}


def test_where_the_bundle_in_use_is_damaged_the_other_generation_is_whole(
    server: BundleServer, node: Store, get: Callable[[], Path]
) -> None:
    first = get()
    publish(server, **{"card.json": b"{}"})
    second = get()
    assert node.whole("compact") == second
    (second / "card.json").write_bytes(b"")
    assert node.whole("compact") == first
    (first / "card.json").write_bytes(b"")
    assert node.whole("compact") is None


def test_an_interrupted_fetch_of_an_earlier_bundle_is_not_wasted(server: BundleServer, get: Callable[[], Path]) -> None:
    server.cuts = [10**6, 10**6, 10**6, 0, 0, 0, 0]
    with pytest.raises(BundleError):
        get()
    publish(server, **{"card.json": b"{}"})
    server.asked.clear()
    assert damage(get()) is None
    assert sorted(name for name, _ in server.asked) == ["card.json", TOWER]


def test_a_damaged_file_is_fetched_again(server: BundleServer, get: Callable[[], Path]) -> None:
    server.damages[TOWER] = 1
    assert damage(get()) is None
    assert server.sent[TOWER] == 2 * SIZES[TOWER] and sum(server.sent.values()) == TOTAL + SIZES[TOWER]


def test_a_file_that_is_damaged_twice_is_refused(server: BundleServer, node: Store, get: Callable[[], Path]) -> None:
    first = get()
    publish(server, **{TOWER: b"x" * 5000})
    server.damages[TOWER] = 2
    with pytest.raises(BundleError, match=f"{TOWER} of the compact models arrived damaged twice. Nothing was changed"):
        get()
    assert node.current("compact") == first
    assert get().name == SECOND


def test_a_damaged_bundle_that_is_current_is_repaired(server: BundleServer, node: Store, get: Callable[[], Path]) -> None:
    place = get()
    (place / TOWER).write_bytes(b"")
    server.asked.clear()
    assert get() == place == node.current("compact") and damage(place) is None
    assert [name for name, _ in server.asked] == [TOWER]


def test_power_lost_while_files_arrive_may_leave_wrong_bytes(
    server: BundleServer, node: Store, get: Callable[[], Path]
) -> None:
    part = node.folder("compact", f"{FIRST}.part")
    (part / "classify").mkdir(parents=True)
    (part / TOWER).write_bytes(bytes(60_000))  # blocks that never reached the disk
    (part / "card.json").write_bytes(bytes(SIZES["card.json"]))
    assert damage(get()) is None
    assert server.asked.count((TOWER, 60_000)) == server.asked.count((TOWER, 0)) == 1


@pytest.mark.parametrize("instant", ["rename", "use", "pointer"])
def test_power_lost_while_bundles_are_switched_leaves_the_old_one(
    server: BundleServer, node: Store, get: Callable[[], Path], instant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = get()
    publish(server, **{"vqa/step.onnx": b"new" * 9000})

    class PowerLost(BaseException):
        pass

    def lost(self: Path, *_: Any) -> None:
        raise PowerLost

    replace = Path.replace
    with monkeypatch.context() as patched:
        if instant == "rename":
            patched.setattr(Path, "rename", lost)
        elif instant == "use":
            patched.setattr(Store, "use", lost)
        else:
            patched.setattr(
                Path, "replace", lambda self, to: lost(self) if self.name.startswith(CURRENT) else replace(self, to)
            )
        with pytest.raises(PowerLost):
            get()
    assert node.current("compact") == first and damage(first) is None
    server.asked.clear()
    assert get() == node.current("compact") == node.folder("compact", SECOND)
    assert not server.asked and damage(node.folder("compact", SECOND)) is None


def test_a_revoked_node_is_refused(server: BundleServer, node: Store) -> None:
    with pytest.raises(BundleError, match=r"No\. Join again\.") as error:
        fetch("compact", node, server.source("another token"))
    assert error.value.code == REFUSED


def test_a_full_disk_is_a_sentence_before_anything_is_fetched(
    server: BundleServer, get: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(10**9, 10**9, fetch_module.SPARE_BYTES))
    with pytest.raises(BundleError, match=r"need 100 MB more on the disk of .*, where 100 MB are free\. Make room") as error:
        get()
    assert error.value.code == STORAGE and not server.asked
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(10**9, 10**9, fetch_module.SPARE_BYTES + TOTAL))
    assert damage(get()) is None


def test_a_disk_that_fills_on_the_way_is_a_sentence(
    server: BundleServer, node: Store, get: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("devices.agent.server.Server.download", full)
        with pytest.raises(BundleError, match=r"is full\. Make room there"):
            get()
    assert damage(get()) is None


def refusal(code: str, message: str) -> tuple[int, bytes]:
    return 503, json.dumps({"error": {"code": code, "message": message, "next": "Ask again."}}).encode()


def test_a_node_waits_while_the_server_exports(server: BundleServer, node: Store, caplog: Any) -> None:
    caplog.set_level("INFO")
    server.answers = [refusal("bundle_missing", "The models are being exported.")] * 3
    pauses: list[float] = []
    place = bundle_source.newest("compact", node, server.source(), pause=pauses.append)
    assert damage(place) is None and pauses == [bundle_source.AGAIN_S] * 3
    assert caplog.text.count("waiting for the compact models: The models are being exported. Ask again.") == 1


def test_a_node_waits_for_a_server_that_is_away(server: BundleServer, node: Store) -> None:
    server.answers, pauses, notes = [(502, b"<html>")] * 2, list[float](), list[str]()
    place = bundle_source.newest("compact", node, server.source(), notes.append, pause=pauses.append)
    assert damage(place) is None and pauses == [bundle_source.AGAIN_S] * 2
    assert notes[:2] == ["The server answered 502."] * 2
    assert notes[-1] == "It fetches the compact models: 0 of 0 MB are here."


def test_a_failed_export_is_not_waited_for(server: BundleServer, node: Store) -> None:
    server.answers = [refusal("export_failed", "The server could not export the compact models: The disk is full.")]
    with pytest.raises(BundleError, match=r"The server could not export the compact models: The disk is full\.") as error:
        bundle_source.newest("compact", node, server.source(), pause=pytest.fail)
    assert error.value.passes and error.value.code == NOT_EXPORTED


def test_a_node_without_a_bundle_gives_up_with_the_reason(server: BundleServer, node: Store) -> None:
    server.answers = [refusal("bundle_missing", "The models are being exported.")]
    with pytest.raises(BundleError, match=r"being exported\. Ask again\.") as error:
        bundle_source.newest("compact", node, server.source(), patience_s=0)
    assert error.value.code == EXPORTING
