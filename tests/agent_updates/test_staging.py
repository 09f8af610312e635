"""From an offer to an agent that can be tried: nothing that is not whole, checked and able to run here comes that far."""

import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices import agent_wheel
from devices.agent import config
from devices.agent.config import Config
from devices.agent.server import Server
from devices.agent.update import releases, staging
from devices.agent.update.releases import Releases
from devices.agent.update.staging import Stays
from devices.contract.updates import MOST_BYTES, AgentWheel
from tests.agent_updates.board import INSTALLED, ROOT, home_with
from tests.agent_updates.wheels import changed, offer_of, serving, with_line


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without weights, which are most of it."""
    whole, folder = agent_wheel.build(tmp_path_factory.mktemp("whole")), tmp_path_factory.mktemp("wheel")
    return changed(whole, folder, lambda name, data: None if name.endswith(".safetensors") else data)


@pytest.fixture
def sent() -> list[bytes]:
    """What the server sends as its agent: the last of these."""
    return []


@pytest.fixture
def server(sent: list[bytes]) -> Iterator[Server]:
    with serving(lambda: sent[-1]) as url:
        yield Server(url, "secret")


@pytest.fixture
def home(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    home = home_with(tmp_path, Releases(installed=INSTALLED))
    config.save(home, Config(server.url, "jetson-a", "device", "secret", "spent"))
    return home


@pytest.fixture
def stays(home: Path, server: Server, sent: list[bytes]) -> Callable[..., str]:
    """Why an offer is not followed; what starts is as before, and nothing is left of it."""

    def refused(offer: AgentWheel, data: bytes) -> str:
        sent.append(data)
        before = releases.read(home)
        with pytest.raises(Stays) as why:
            staging.stage(home, server, offer)
        assert releases.read(home) == before
        assert [path.name for path in (home / releases.FOLDER).iterdir()] == [releases.FILE]
        return str(why.value)

    return refused


def test_a_good_one_lies_ready(home: Path, server: Server, sent: list[bytes], wheel: Path) -> None:
    sent.append(wheel.read_bytes())
    offer, said = offer_of(wheel), list[str]()
    staging.stage(home, server, offer, said.append)
    files = releases.folder_of(home, offer.digest)
    assert (files / "devices/agent/__main__.py").is_file() and list(files.glob("isthmus_agent-*.dist-info"))
    assert {path.name for path in (home / releases.FOLDER).iterdir()} == {releases.FILE, offer.digest}
    assert len(said) == 2


def test_another_file_than_the_offered_is_not_even_opened(stays: Callable[..., str], wheel: Path) -> None:
    data = bytearray(wheel.read_bytes())
    data[len(data) // 2] ^= 1
    why = "What was fetched is not the agent that the server offered: its SHA-256 differs."
    assert stays(offer_of(wheel), bytes(data)) == why


def test_more_bytes_than_were_offered_are_not_read(stays: Callable[..., str], wheel: Path) -> None:
    data = wheel.read_bytes()
    offer = offer_of(wheel).model_copy(update={"size": len(data) - 1})
    assert "SHA-256" in stays(offer, data)


def test_a_connection_that_breaks_is_tried_again_later(stays: Callable[..., str], wheel: Path) -> None:
    assert "could not be fetched" in stays(offer_of(wheel), wheel.read_bytes()[:-1000])


def test_what_is_too_large_is_not_fetched(stays: Callable[..., str], wheel: Path) -> None:
    offer = offer_of(wheel).model_copy(update={"size": MOST_BYTES + 1})
    assert stays(offer, b"") == "The offered agent has 67 MB, more than any agent."


def test_a_full_disk(stays: Callable[..., str], wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for free in (1_000_000, staging.SPARE_BYTES):
        usage = shutil.disk_usage("/")._replace(free=free)
        monkeypatch.setattr(staging.shutil, "disk_usage", lambda folder, usage=usage: usage)
        assert stays(offer_of(wheel), wheel.read_bytes()).startswith(f"The disk has {free / 1e6:.0f} MB free")


def test_a_step_back(stays: Callable[..., str], wheel: Path, tmp_path: Path) -> None:
    earlier = tmp_path / "isthmus_agent-0.0.1-py3-none-any.whl"
    shutil.copyfile(wheel, earlier)
    assert "earlier than this one" in stays(offer_of(earlier), earlier.read_bytes())


def test_another_version_than_its_name_says(stays: Callable[..., str], wheel: Path, tmp_path: Path) -> None:
    later = tmp_path / "isthmus_agent-99.0-py3-none-any.whl"
    shutil.copyfile(wheel, later)
    assert "99.0 was offered" in stays(offer_of(later), later.read_bytes())


@pytest.mark.parametrize("name", ["../outside.py", "/outside.py", "devices/../../outside.py", "devices\\..\\outside.py"])
def test_files_that_would_leave_their_folder(stays: Callable[..., str], wheel: Path, tmp_path: Path, name: str) -> None:
    other = shutil.copyfile(wheel, tmp_path / wheel.name)
    with zipfile.ZipFile(other, "a") as archive:
        archive.writestr(name, b"")
    assert "an invalid file name" in stays(offer_of(other), other.read_bytes())
    assert not list(tmp_path.rglob("outside.py"))


def test_a_link_in_it(stays: Callable[..., str], wheel: Path, tmp_path: Path) -> None:
    other, link = shutil.copyfile(wheel, tmp_path / wheel.name), zipfile.ZipInfo("devices/link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(other, "a") as archive:
        archive.writestr(link, "/etc")
    assert "an invalid file name" in stays(offer_of(other), other.read_bytes())


def test_one_that_unpacks_to_more_than_any_agent(stays: Callable[..., str], wheel: Path, tmp_path: Path) -> None:
    other = shutil.copyfile(wheel, tmp_path / wheel.name)
    with zipfile.ZipFile(other, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("devices/zeros", "w") as file:
        for _ in range(257):
            file.write(bytes(1 << 20))
    assert "unpacks to more than any agent" in stays(offer_of(other), other.read_bytes())


def test_a_disk_that_fills_meanwhile(stays: Callable[..., str], wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(staging, "_keep", full)
    monkeypatch.setattr(staging, "install", lambda wheel, target: None)
    monkeypatch.setattr(staging, "check", lambda home, files: None)
    assert stays(offer_of(wheel), wheel.read_bytes()) == "The new agent could not be written (No space left on device)."


def test_packages_that_are_missing_are_named(stays: Callable[..., str], wheel: Path, tmp_path: Path) -> None:
    other = changed(wheel, tmp_path / "other", with_line("Requires-Dist: absent-thing>=9\nRequires-Dist: numpy>=99"))
    why = "The new agent needs absent-thing>=9, numpy>=99: run the installer on this node again."
    assert stays(offer_of(other), other.read_bytes()) == why


def test_packages_of_a_part_that_this_node_lacks_are_not_missed(
    home: Path, server: Server, sent: list[bytes], wheel: Path, tmp_path: Path
) -> None:
    extra = "Provides-Extra: holograms\nRequires-Dist: absent-thing>=9; extra == 'holograms'"
    other = changed(wheel, tmp_path / "other", with_line(extra))
    sent.append(other.read_bytes())
    staging.stage(home, server, offer_of(other))
    assert releases.folder_of(home, offer_of(other).digest).is_dir()


def test_a_python_that_is_too_old_is_named(stays: Callable[..., str], wheel: Path, tmp_path: Path) -> None:
    later = changed(
        wheel, tmp_path / "other", lambda name, data: data.replace(b"Requires-Python: >=3.10", b"Requires-Python: >=3.99")
    )
    assert "needs Python >=3.99" in stays(offer_of(later), later.read_bytes())


@pytest.mark.parametrize("data", [b"no zip at all", b"PK\x05\x06" + bytes(18)], ids=["no zip", "an empty one"])
def test_what_is_no_wheel(data: bytes, stays: Callable[..., str], wheel: Path, tmp_path: Path) -> None:
    file = tmp_path / wheel.name
    file.write_bytes(data)
    assert "is no wheel of the agent" in stays(offer_of(file), data)


def test_the_wheel_of_something_else(stays: Callable[..., str], wheel: Path, tmp_path: Path) -> None:
    other = changed(wheel, tmp_path / "other", lambda name, data: data.replace(b"Name: isthmus-agent", b"Name: other"))
    assert "a package named other" in stays(offer_of(other), other.read_bytes())


def test_one_whose_own_check_fails(stays: Callable[..., str], wheel: Path, tmp_path: Path) -> None:
    def broken(name: str, data: bytes) -> bytes:
        return b"import something_absent\n" + data if name == "devices/agent/heartbeat.py" else data

    other = changed(wheel, tmp_path / "other", broken)
    why = "The new agent's own check failed: It cannot import devices.agent.heartbeat (No module named 'something_absent')."
    assert stays(offer_of(other), other.read_bytes()) == why


def test_one_that_the_server_does_not_know(home: Path, stays: Callable[..., str], wheel: Path) -> None:
    config.save(home, Config(config.load(home).server, "jetson-a", "device", "another token", "spent"))
    assert "own check failed" in stays(offer_of(wheel), wheel.read_bytes())


@pytest.mark.parametrize("name", ["../isthmus_agent-1-py3-none-any.whl", "other-1-py3-none-any.whl", "isthmus_agent-1.tar.gz"])
def test_an_offer_has_the_name_of_the_agent(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        AgentWheel(digest="0" * 64, size=1, name=name, signature="0" * 64)
