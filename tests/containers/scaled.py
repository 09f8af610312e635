"""The profile `scale` of docs/scaling.md: whatever is killed in the middle of questions, none is lost, none answered twice."""

import time
from collections.abc import Callable

from tests.containers.backup import documented
from tests.containers.first_start import visitor
from tests.containers.project import NAME, PROJECT, Project
from tests.containers.recovery import answered, kill
from tests.containers.tls import config, person
from tests.containers.visitor import Visitor, draw_photo
from tests.scaling.questions import Asking, outcome
from tests.transcript import Transcript, require, wait_until

BALANCER_PORT = 18080
AT_BALANCER = f"http://{NAME}:{BALANCER_PORT}"
WEBS, CLOUDS = 3, 2
BEFORE_S, AFTER_S = 6, 30  # of asking
AWAY_S = 10
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
        project.configure(**{**settings, **own, "ISTHMUS_PUBLIC_URL": AT_BALANCER})
        project.compose("up", "--detach", "--wait", *SERVER, seconds=400)
        project.compose("up", "--detach", seconds=200)
        answered(project, at_balancer(project), 320)
        notes.append(f"{len(project.containers('web-more')) + 1} web processes, {len(project.containers('cloud'))} workers")
    with transcript.check("who logged in at the balancer is known to every web process"):
        owner = at_balancer(project)
        for address in _addresses(project, "web", "web-more"):
            other = Visitor(NAME, address, 8000)
            other.client.cookies.update(dict(owner.client.cookies))
            require(other.status("/api/v1/conversations") == 200, f"{address} knows who asks")
    with transcript.check("a board outside follows to the balancer"):
        wait_until(lambda: config(project, "board")["server"] == AT_BALANCER, 180, "its server is the new address", every=3)
    for what, breaking in BREAKING.items():
        _nothing_is_lost(project, transcript, what, breaking)
    with transcript.check("it follows back, and one web process without the balancer answers again"):
        project.configure(ISTHMUS_PUBLIC_URL=before["ISTHMUS_PUBLIC_URL"])
        project.compose("up", "--detach", "--wait", *SERVER, seconds=400)
        earlier = before["ISTHMUS_PUBLIC_URL"]
        wait_until(lambda: config(project, "board")["server"] == earlier, 180, "its server is the earlier address", every=3)
        project.compose("rm", "--stop", "--force", "web-more", "balancer")
        project.configure(**{name: before.get(name) for name in settings})
        project.compose("up", "--detach", seconds=400)
        answered(project, visitor(project), 321)


def behind_tls(project: Project, transcript: Transcript) -> None:
    transcript.chapter("Several web processes behind TLS")
    with transcript.check("they start, and nobody outside reaches the balancer"):
        profiles = [*project.settings["COMPOSE_PROFILES"].split(","), "scale"]
        project.configure(COMPOSE_PROFILES=",".join(profiles), WEBS_MORE=str(WEBS - 1), BALANCER_PORT=str(BALANCER_PORT))
        project.compose("up", "--detach", "--wait", *SERVER, seconds=400)
        status = Visitor(NAME, project.address, BALANCER_PORT).status("/livez")
        require(status == 0, f"nothing answers at {project.address}:{BALANCER_PORT}, not {status}")
    _nothing_is_lost(project, transcript, "the first web process is gone", _away("web"), _over_https)


def _over_https(project: Project) -> Visitor:
    owner = person(project)
    owner.log_in()
    return owner


def _addresses(project: Project, *services: str) -> list[str]:
    """Of each container, in the network that all of them share."""
    ids = [pk for service in services for pk in project.containers(service)]
    wanted = f'{{{{(index .NetworkSettings.Networks "{PROJECT}_default").IPAddress}}}}'
    return project.run(["docker", "inspect", "--format", wanted, *ids]).decode().split()


def _nothing_is_lost(
    project: Project,
    transcript: Transcript,
    what: str,
    breaking: Callable[[Project], None],
    logged_in: Callable[[Project], Visitor] = at_balancer,
) -> None:
    with transcript.check(f"{what}: every question is answered, and once") as notes:
        people = [logged_in(project) for _ in range(3)]
        photo = people[0].upload(draw_photo(int(time.time()))).json()["id"]
        with Asking([one.client for one in people], photo, fresh=True) as asking:
            time.sleep(BEFORE_S)
            breaking(project)
            time.sleep(AFTER_S)
        result = outcome(asking, people[0].client, ENDED_S)
        notes.append(str(result))
        require(result.asked > BEFORE_S / 2, f"people could ask: {result}")
        require(not result.failed and not result.doubled, f"nothing is lost or doubled: {result} {result.failed[:3]}")
    with transcript.check("everything comes back"):
        project.compose("up", "--detach", "--wait", *SERVER, seconds=400)
        answered(project, logged_in(project), int(time.time()))


def _away(service: str, index: int = 1) -> Callable[[Project], None]:
    """A container is gone at once, and stays away."""

    def breaking(project: Project) -> None:
        names = sorted(row["Name"] for row in project.containers(service).values())
        project.run(["docker", "kill", names[index - 1]])

    return breaking


def _away_for(service: str) -> Callable[[Project], None]:
    """It is gone at once, and started some seconds later."""

    def breaking(project: Project) -> None:
        (container,) = project.containers(service)
        project.run(["docker", "kill", container])
        time.sleep(AWAY_S)
        project.run(["docker", "start", container])

    return breaking


BREAKING: dict[str, Callable[[Project], None]] = {
    "the first web process is gone": _away("web"),
    "another web process is gone": _away("web-more", 2),
    "a cloud worker is gone": _away("cloud", 2),
    "Redis is killed and restarted": lambda project: kill(project, "redis"),
    f"Redis is away for {AWAY_S} s": _away_for("redis"),
    "PostgreSQL is killed and restarted": lambda project: kill(project, "postgres"),
    f"PostgreSQL is away for {AWAY_S} s": _away_for("postgres"),
}
