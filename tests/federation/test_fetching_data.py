"""A data set from its host, here a server of this machine."""

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from federation import dataset_download
from federation.dataset_download import FetchFailed, Source, fetch, present


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def host(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    folder = tmp_path / "host"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}/set.tar.gz"
    server.shutdown()
    server.server_close()


@pytest.fixture
def source(host: tuple[Path, str]) -> Source:
    folder, url = host
    cifar = dataset_download.SOURCES["cifar10"]
    with tarfile.open(folder / "set.tar.gz", "w:gz") as archive:
        for name in cifar.files:
            member = tarfile.TarInfo(f"{cifar.folder}/{name}")
            member.size = 3
            archive.addfile(member, io.BytesIO(b"abc"))
    data = (folder / "set.tar.gz").read_bytes()
    return replace(cifar, url=url, md5=hashlib.md5(data).hexdigest(), bytes=len(data))


def test_it_is_checked_unpacked_and_told_how_far_it_is(source: Source, tmp_path: Path) -> None:
    progress: list[tuple[int, int]] = []
    fetch(source, tmp_path / "data", lambda done, total: progress.append((done, total)))
    assert present(source, tmp_path / "data")
    assert progress[-1] == (source.bytes, source.bytes)
    assert [path.name for path in (tmp_path / "data").iterdir()] == [source.folder]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"md5": "0" * 32}, "is not the data set"),
        ({"url": "http://127.0.0.1:9/set.tar.gz"}, "cannot be reached"),
        ({"files": ("another",)}, "lacks some of another"),
        ({"bytes": 10}, "sends more than the data set has"),
    ],
)
def test_what_is_wrong_is_a_sentence_and_leaves_nothing_behind(
    source: Source, tmp_path: Path, change: dict[str, object], sentence: str
) -> None:
    with pytest.raises(FetchFailed, match=sentence):
        fetch(replace(source, **change), tmp_path / "data", lambda done, total: None)  # type: ignore[arg-type]
    assert list((tmp_path / "data").iterdir()) == []


def test_a_host_that_has_it_no_more_is_a_sentence(source: Source, tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match=r"answered 404; .*--url"):
        fetch(replace(source, url=source.url + "x"), tmp_path / "data", lambda done, total: None)


def test_the_command_brings_it_once(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ISTHMUS_DATA", str(tmp_path / "data"))
    monkeypatch.setitem(dataset_download.SOURCES, "cifar10", source)
    call_command("data", "fetch", "cifar10")
    call_command("data", "fetch", "cifar10")
    output = capsys.readouterr().out
    assert "100 %" in output
    assert "is already downloaded" in output
    with pytest.raises(CommandError, match="Name a data set"):
        call_command("data", "fetch")
