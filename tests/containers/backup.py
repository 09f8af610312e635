"""The commands of docs/operating.md save everything and bring it back."""

import re

from tests.containers.first_start import visitor
from tests.containers.project import PROJECT, ROOT, Project
from tests.containers.recovery import answered, require_same, state
from tests.transcript import Transcript


def documented(heading: str, file: str = "operating.md") -> list[str]:
    """The command blocks below a heading of a document, up to the next heading."""
    text = (ROOT / "docs" / file).read_text()
    section = re.split(rf"^##+ {re.escape(heading)}$", text, flags=re.MULTILINE)[1]
    section = re.split(r"^##+ ", section, flags=re.MULTILINE)[0]
    return re.findall(r"^```\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def backup_and_restore(project: Project, transcript: Transcript) -> None:
    transcript.chapter("Backup and restore")
    save, restore = documented("Backup")
    before = state(visitor(project))
    with transcript.check("the documented commands save everything") as notes:
        project.shell(save)
        sizes = [file.stat().st_size for file in (project.folder / "backup").rglob("*") if file.is_file()]
        notes.append(f"{len(sizes)} files, {sum(sizes) / 1e6:.1f} MB")
    with transcript.check("every volume of the server is deleted; the board outside keeps its own"):
        project.compose("down", "--timeout", "10")
        volumes = [f"{PROJECT}_{name}" for name in ("var", "models", "data", "redis", "postgres", "edge", "device")]
        project.run(["docker", "volume", "rm", *volumes])
    with transcript.check("the documented commands bring everything back"):
        project.shell(restore)
        answered(project, visitor(project), 300)
    with transcript.check("accounts, conversations, photos, runs and nodes are the same"):
        require_same(before, state(visitor(project), without_newest=1))
