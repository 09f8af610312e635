"""`python -m tests.containers [--keep] [--stand-ins] [CHAPTER…]`: build, start and try the containers; exit 1 when one fails.

Needs a Docker daemon with Compose 2.24.4 or newer, and about 10 GB of disk. Everything happens under a project name of its
own. `--keep` leaves the containers running, and `--folder` goes on with them: the chapters named are tried there.
`--stand-ins` makes images of Debian's packages, under the same tags, in place of those that cannot be pulled.
"""

import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from ipaddress import ip_network
from pathlib import Path

from tests.containers import chapters
from tests.containers.project import Project
from tests.containers.stand_ins.making import provide
from tests.transcript import FAILURES, Transcript


def main() -> int:
    parser = ArgumentParser(prog="python -m tests.containers", description="Try the containers as they are run.")
    parser.add_argument("--keep", action="store_true", help="leave the containers running, and say where")
    parser.add_argument("--folder", type=Path, help="go on with what --keep left running there")
    parser.add_argument("--stand-ins", action="store_true", help="make images that cannot be pulled of Debian's packages")
    parser.add_argument("chapters", nargs="*", type=chapters.named, metavar="CHAPTER", help="all, unless some are named")
    options = parser.parse_args()
    address = _gateway()
    if address is None:
        print("No Docker daemon with Compose answers here, so the containers were not tried.")
        return 0
    transcript = Transcript()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="isthmus-containers-"))
    project = Project(folder, address)
    if options.folder:
        project.reopen()
    else:
        project.prepare()
    try:
        if options.stand_ins:
            provide(transcript)
        for chapter in options.chapters or chapters.ALL:
            chapter(project, transcript)
    except FAILURES as error:
        transcript.failures += 1
        print(f"  FAILED  the rest could not be tried: {error}")
    finally:
        if options.keep:
            print(f"\nStill running; its folder is {folder}")
        else:
            project.remove()
            shutil.rmtree(folder)
    print(f"\n{transcript.checks} checks, {transcript.failures} failed")
    return 1 if transcript.failures else 0


def _gateway() -> str | None:
    """The address of this machine that containers of every network reach; None without a daemon or without Compose."""
    if shutil.which("docker") is None:
        return None
    network = ["network", "inspect", "bridge", "--format", "{{with index .IPAM.Config 0}}{{.Gateway}},{{.Subnet}}{{end}}"]
    for words in (["compose", "version"], network):
        done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
        if done.returncode:
            return None
    gateway, _, subnet = done.stdout.strip().partition(",")
    return gateway or str(next(ip_network(subnet).hosts()))  # some versions leave the default gateway out


if __name__ == "__main__":
    sys.exit(main())
