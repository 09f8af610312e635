"""From nothing to a server with an edge, three devices and a board outside."""

from tests.containers.project import NAME, PORT, Project
from tests.containers.visitor import Visitor
from tests.transcript import Transcript, require, wait_until

DEVICES = ("device", "device-2", "device-3")
NODES = ("edge-1", *DEVICES, "board-1")
SERVER = ("web", "cloud", "beat", "redis", "postgres")


def visitor(project: Project) -> Visitor:
    person = Visitor(NAME, project.address, PORT)
    person.log_in()
    return person


def build_and_start(project: Project, transcript: Transcript) -> None:
    transcript.chapter("Build and start")
    with transcript.check("one service builds the image"):
        project.compose("build", seconds=1800)
    with transcript.check("everything but the nodes is healthy"):
        project.compose("up", "--detach", "--wait", *SERVER, seconds=400)
        project.compose("up", "--detach", "edge")
    stranger = Visitor(NAME, project.address, PORT)
    with transcript.check("the web app is ready before any node has joined, and the fleet is not") as notes:
        require(stranger.status("/healthz") == 200, "/healthz answers 200")
        answer = stranger.get("/healthz/fleet")
        require(answer.status_code == 503, "/healthz/fleet answers 503")
        missing = sorted(part for part, there in answer.json().items() if not there and part != "ready")
        require(missing == ["devices", "edge"], f"only the nodes are missing, not {missing}")
        notes.append(f"missing: {', '.join(missing)}")
    with transcript.check("the token of secrets/setup_token.txt creates the owner, as the page says"):
        require("secrets/setup_token.txt" in stranger.get("/setup/").text, "the page says where the token is")
        stranger.set_up(project.secret("setup_token"))
        visitor(project)


def image(project: Project, transcript: Transcript) -> None:
    transcript.chapter("Image")
    with transcript.check("it runs as an unprivileged account"):
        for service in ("web", "cloud", "edge"):
            require(project.inside(service, "id", "-u").strip() == "10001", f"{service} runs as 10001")
    with transcript.check("it holds neither settings nor secrets nor Compose files of this machine"):
        names = project.inside("web", "ls", "-A", "/app").split()
        private = [name for name in names if name.startswith((".env", ".git", "docker-compose")) or name in ("secrets", "var")]
        require(not private, f"none of {private}")
    with transcript.check("what it writes is private"):
        for service, folder in (("web", "/var/lib/isthmus"), ("edge", "/node")):
            open_to_others = project.inside(service, "find", folder, "-perm", "/077").split()
            require(not open_to_others, f"nobody else may read {open_to_others[:5]}")
    with transcript.check("`data fetch` may write where nodes read") as notes:
        script = "python manage.py data fetch cifar10 --url http://127.0.0.1:8000/livez 2>&1 || true"
        output = project.inside("web", "sh", "-c", script)
        require("is not the data set" in output, f"the download is refused for its content, not: {output.strip()[-200:]}")
        project.inside("web", "touch", "/data/seen")
        project.inside("edge", "test", "-e", "/data/seen")
        notes.append("an archive with another MD5 was refused")


def join_nodes(project: Project, transcript: Transcript) -> None:
    transcript.chapter("Nodes")
    before = set(project.containers())
    with transcript.check("a node without an identity waits and says so"):
        require("No node has joined here" in project.compose("logs", "edge"), "the log of edge says what to do")
    with transcript.check("an edge joins with `docker compose run … join`"):
        join(project, "edge", "--name", "edge-1", "--tier", "edge")
    with transcript.check("that recreated nothing"):
        require(before <= set(project.containers()), "the containers are the same")
    with transcript.check("three devices of one service join, each under its own name"):
        project.compose("--profile", "device", "up", "--detach", "--scale", "device=3", "device")
        for number, _ in enumerate(DEVICES):
            join(project, "device", "--tier", "device", dependencies=number == 0)
        project.configure(COMPOSE_PROFILES="device", DEVICES="3")
    with transcript.check("a board in another network joins at the public address"):
        project.compose("up", "--detach", "board")
        join(project, "board", "--name", "board-1", "--tier", "device", server=f"http://{NAME}:{PORT}")
    person = visitor(project)
    with transcript.check("all are online with their models loaded") as notes:
        wait_until(lambda: person.ready(*NODES), 900, "every node is online")
        notes.append(", ".join(sorted(person.nodes())))
    with transcript.check("the fleet is ready, and every agent says that it works"):
        wait_until(lambda: person.status("/healthz/fleet") == 200, 60, "/healthz/fleet answers 200")
        for service in ("edge", "device", "board"):
            wait_until(lambda name=service: set(project.health(name)) == {"healthy"}, 120, f"{service} is healthy")
    with transcript.check("nothing else was recreated on the way"):
        require(before <= set(project.containers()), "the containers are the same")


def join(project: Project, service: str, *enrol: str, server: str = "http://web:8000", dependencies: bool = False) -> None:
    code = project.inside("web", "python", "manage.py", "enrol", "--preapproved", *enrol).strip()
    words = ["run", "--rm", "-T", *([] if dependencies else ["--no-deps"]), service]
    project.compose(*words, "join", "--homes", "/node", "--server", server, "--code", code)
