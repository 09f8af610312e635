"""The profile `scale` of docs/scaling.md: whatever is killed in the middle of questions, none is lost and none is answered twice."""

import time
from collections.abc import Callable

from tests.containers.backup import documented
from tests.containers.first_start import DEVICES, NODES, visitor
from tests.containers.project import NAME, Project
from tests.containers.recovery import answered, kill
from tests.containers.visitor import Visitor, draw_photo
from tests.scaling.questions import Asking, outcome
from tests.transcript import Transcript, require, wait_until

BALANCER_PORT = 18080
WEBS, CLOUDS = 3, 2
BEFORE_S, AFTER_S = 6, 30  # of asking
ENDED_S = 240
SERVER = ("web", "web-more", "cloud", "beat", "redis", "postgres", "balancer")


def at_balancer(project: Project) -> Visitor:
    person = Visitor(NAME, project.address, BALANCER_PORT)
    person.log_in()
    return person


def documented_settings() -> dict[str, str]:
    block = documented("Several web processes and cloud workers", "scaling.md")[0]
    return dict(line.split("=", 1) for line in block.splitlines())


def several_processes(project: Project, transcript: Transcript) -> None:
    transcript.chapter("Several web processes and cloud workers")
    before = dict(project.settings)
    with transcript.check("the documented settings start them") as notes:
        settings = documented_settings()
        require((settings["WEBS_MORE"], settings["CLOUDS"]) == (str(WEBS - 1), str(CLOUDS)), "as many as this expects")
        own = {"COMPOSE_PROFILES": f"device,{settings['COMPOSE_PROFILES']}", "BALANCER_PORT": str(BALANCER_PORT)}
        project.configure(**{**settings, **own, "ISTHMUS_PUBLIC_URL": before["ISTHMUS_PUBLIC_URL"]})
        project.compose("up", "--detach", "--wait", *SERVER, seconds=400)
        project.compose("up", "--detach", seconds=200)
        answered(project, at_balancer(project), 300)
        notes.append(f"{len(project.containers('web-more')) + 1} web processes, {len(project.containers('cloud'))} workers")
    with transcript.check("every web process serves people, and they are who they are at the others") as notes:
        serving = _served(project)
        require(len(serving) == WEBS and min(serving) > 0, f"each of {WEBS} answers some of the requests: {serving}")
        notes.append(f"requests answered: {serving}")
    for what, breaking in BREAKING.items():
        _nothing_is_lost(project, transcript, what, breaking)


def _nothing_is_lost(project: Project, transcript: Transcript, what: str, breaking: Callable[[Project], None]) -> None:
    with transcript.check(f"{what}: every question is answered, and once") as notes:
        people = [at_balancer(project) for _ in range(3)]
        photo = people[0].upload(draw_photo(int(time.time()))).json()["id"]
        with Asking([person.client for person in people], photo, fresh=True) as asking:
            time.sleep(BEFORE_S)
            breaking(project)
            time.sleep(AFTER_S)
        result = outcome(asking, people[0].client, ENDED_S)
        notes.append(str(result))
        require(result.asked > BEFORE_S / 2 and not result.failed and not result.doubled, f"nothing is lost or doubled: {result}")
    with transcript.check("everything comes back"):
        project.compose("up", "--detach", "--wait", *SERVER, seconds=400)
        answered(project, at_balancer(project), int(time.time()))


def _away(service: str, index: int = 1) -> Callable[[Project], None]:
    """A container is gone at once, and stays away."""

    def breaking(project: Project) -> None:
        names = sorted(row["Name"] for row in project.containers(service).values())
        project.run(["docker", "kill", names[index - 1]])

    return breaking


BREAKING: dict[str, Callable[[Project], None]] = {
    "the first web process is gone": _away("web"),
    "another web process is gone": _away("web-more", 2),
    "a cloud worker is gone": _away("cloud", 2),
    "Redis is killed": lambda project: kill(project, "redis"),
    "PostgreSQL is killed": lambda project: kill(project, "postgres"),
}
