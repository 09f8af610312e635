"""Pulls an image, or makes its stand-in: mmdebstrap's system, handed to `docker import`."""

import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.containers.stand_ins.images import STAND_INS, StandIn
from tests.transcript import Failed, Transcript

HERE = Path(__file__).parent
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
LOCAL = ("find-links",)  # settings of pip that may name folders of this machine
CARRIED = (*LOCAL, "index-url", "extra-index-url", "trusted-host")
LABEL = "isthmus.stand-in"


def provide(transcript: Transcript) -> None:
    transcript.chapter("Images")
    for stand_in in STAND_INS:
        with transcript.check(stand_in.image) as notes:
            if is_here(stand_in.image) or pull(stand_in.image):
                notes.append(_origin(stand_in.image))
            else:
                notes.append(f"a stand-in of {make(stand_in)}")


def _origin(image: str) -> str:
    label = f'{{{{index .Config.Labels "{LABEL}"}}}}'
    versions = _docker("image", "inspect", "--format", label, image).stdout.strip()
    return f"a stand-in of {versions}" if versions else "the published image"


def is_here(image: str) -> bool:
    return not _docker("image", "inspect", image).returncode


def pull(image: str) -> bool:
    """Whether it could be pulled."""
    try:
        return not _docker("pull", "--quiet", image, seconds=600).returncode
    except subprocess.TimeoutExpired:
        return False


def make(stand_in: StandIn) -> str:
    """The versions that it has. Raises Failed."""
    if shutil.which("mmdebstrap") is None:
        raise Failed("a stand-in needs mmdebstrap: apt-get install mmdebstrap")
    with tempfile.TemporaryDirectory(prefix="stand-in-") as name:
        archive = Path(name) / "system.tar"
        hooks = [f"--customize-hook={hook}" for hook in _hooks(stand_in, Path(name))]
        wanted = ["--variant=minbase", f"--include={','.join(stand_in.packages)}", *hooks]
        _checked(["mmdebstrap", "--quiet", *wanted, stand_in.release, str(archive)])
        versions = ", ".join((Path(name) / "versions").read_text().splitlines())
        _checked(["docker", "import", str(archive), stand_in.image])
    recipe = [f"FROM {stand_in.image}", *stand_in.changes, f'LABEL {LABEL}="{versions}"']
    _checked(["docker", "build", "--quiet", "--tag", stand_in.image, "-"], "\n".join(recipe))
    return versions


def _hooks(stand_in: StandIn, folder: Path) -> Iterator[str]:
    """What mmdebstrap does in the finished system, `$1`."""
    for path, file in stand_in.files.items():
        yield f"upload {HERE / file} {path}"
        yield f'chmod 755 "$1{path}"'
    if stand_in.pip:
        yield from _pip(folder)
    yield f'chroot "$1" /bin/sh -euc {shlex.quote(stand_in.script)}'
    query = ["dpkg-query", "-W", "-f", "${Package} ${Version}\\n", *stand_in.packages]
    yield f'chroot "$1" {shlex.join(query)} > {folder / "versions"}'


def _pip(folder: Path) -> Iterator[str]:
    """This machine's authorities and settings of pip, so that what can be installed here can be installed in the image."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    settings = {"cert": str(AUTHORITIES)}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        places = [place for place in value.strip("'").split() if not place.startswith("file:")]
        if (option := name.rpartition(".")[2]) in CARRIED and places:
            settings[option] = " ".join(places)
            for place in filter(lambda place: option in LOCAL and Path(place).is_dir(), places):
                yield f'mkdir -p "$1{place}" && cp -r {place}/. "$1{place}"'
    file = folder / "pip.conf"
    file.write_text("[global]\n" + "".join(f"{option} = {value}\n" for option, value in settings.items()))
    yield f"upload {file} /etc/pip.conf"
    if AUTHORITIES.exists():
        yield f"upload {AUTHORITIES} {AUTHORITIES}"


def _docker(*words: str, seconds: float = 60) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=False, timeout=seconds)


def _checked(command: list[str], text: str = "") -> None:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"`{command[0]}` exited with {done.returncode}: {(done.stderr or done.stdout).strip()[-600:]}")
