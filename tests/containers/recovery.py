"""What happens after a process is killed, and after everything was taken down."""

import contextlib
import time

from tests.containers.answering import QUESTION
from tests.containers.first_start import NODES, SERVER, visitor
from tests.containers.project import Project
from tests.containers.visitor import Visitor, draw_photo
from tests.transcript import Failed, Transcript, require, wait_until


def killed_services(project: Project, transcript: Transcript) -> None:
    transcript.chapter("kill -9")
    person = visitor(project)
    for seed, service in enumerate((*SERVER, "edge", "device"), start=100):
        with transcript.check(f"{service} comes back, and questions are answered") as notes:
            started = time.monotonic()
            kill(project, service)
            if service not in SERVER:  # the server takes a node for online for some seconds after its last sign of life
                wait_until(lambda node=service: _works(project, node), 200, f"the agent of {service} works again")
            answered(project, person, seed)
            notes.append(f"answered {time.monotonic() - started:.0f} s after the kill")


def kill(project: Project, service: str) -> None:
    before = _restarts(project, service)
    with contextlib.suppress(Failed):  # the command may die with its container
        project.inside(service, "sh", "-c", "kill -9 -1")
    wait_until(lambda: _restarts(project, service) > before, 60, f"{service} is started again")


def _works(project: Project, service: str) -> bool:
    try:
        project.inside(service, "python", "-m", "devices.agent", "health", "--homes", "/node")
    except Failed:
        return False
    return True


def _restarts(project: Project, service: str) -> int:
    """Of all containers of the service."""
    counts = project.run(["docker", "inspect", "--format", "{{.RestartCount}}", *project.containers(service)])
    return sum(int(count) for count in counts.split())


def answered(project: Project, person: Visitor, seed: int) -> None:
    """Every part is back, and a question by the longest way is answered."""
    wait_until(lambda: person.status("/healthz/fleet") == 200, 900, "the fleet is ready again")
    wait_until(lambda: person.ready(*NODES), 900, "every node is online again")
    photo = person.upload(draw_photo(seed)).json()["id"]
    person.ask(QUESTION, photo=photo, route="split", seconds=120)


def down_and_up(project: Project, transcript: Transcript) -> None:
    transcript.chapter("down and up")
    before = state(visitor(project))
    with transcript.check("everything is taken down, and the volumes stay"):
        project.compose("down", "--timeout", "10")
    with transcript.check("everything comes up again, with as many devices"):
        project.compose("up", "--detach", seconds=400)
        person = Visitor(person_name(project), project.address, person_port(project))
        wait_until(lambda: person.status("/healthz") == 200, 200, "the web app is ready")
        person.log_in()
        answered(project, person, 200)
    with transcript.check("accounts, conversations, photos, runs and nodes are the same"):
        require_same(before, state(visitor(project), without_newest=1))


def state(person: Visitor, without_newest: int = 0) -> dict[str, object]:
    """What a person would miss."""
    conversations = person.get("/api/v1/conversations?limit=100").json()["items"][without_newest:]
    photos = person.get("/api/v1/photos?limit=100").json()["items"][without_newest:]
    return {
        "conversations": [conversation["id"] for conversation in conversations],
        "photos": {photo["id"]: len(person.get(photo["url"]).content) for photo in photos},
        "runs": [(run["run"], run["state"]) for run in person.get("/api/v1/federation/runs").json()["items"]],
        "nodes": {slug: node["fingerprint"] for slug, node in person.nodes().items()},
    }


def require_same(before: dict[str, object], after: dict[str, object]) -> None:
    differing = [f"{name}: {value} became {after[name]}" for name, value in before.items() if after[name] != value]
    require(not differing, f"nothing is lost: {'; '.join(differing)}")


def person_name(project: Project) -> str:
    return project.settings["ISTHMUS_HOSTS"].partition(",")[0]


def person_port(project: Project) -> int:
    return int(project.settings["PORT"])
