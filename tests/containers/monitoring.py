"""The profile `monitoring` of docs/monitoring.md."""

from tests.containers.answering import QUESTION
from tests.containers.first_start import DEVICES, visitor
from tests.containers.project import NAME, PORT, Project
from tests.containers.visitor import Visitor, draw_photo
from tests.metrics.prometheus import Reader, alert_rules, panel_queries, panels_without_answer, rules_with_errors
from tests.transcript import Transcript, require, wait_until

PROMETHEUS_PORT = 19090
ANSWERED = 'sum(isthmus_questions_total{outcome="answered"})'
AT_REST = ("IsthmusDown", "IsthmusDatabaseDown", "IsthmusRedisDown", "IsthmusNoCloudWorker", "IsthmusClockStopped")


def prometheus(project: Project, transcript: Transcript) -> None:
    transcript.chapter("Monitoring")
    reader = Reader(f"http://127.0.0.1:{PROMETHEUS_PORT}")
    person = visitor(project)
    with transcript.check("the profile starts Prometheus, for this machine only"):
        profiles = f"{project.settings['COMPOSE_PROFILES']},monitoring"
        project.configure(COMPOSE_PROFILES=profiles, PROMETHEUS_PORT=str(PROMETHEUS_PORT))
        project.compose("up", "--detach", "--wait", "prometheus", seconds=200)
        require(_ports(project) == {("127.0.0.1", PROMETHEUS_PORT)}, "its port is on loopback")
    with transcript.check("it reads /metrics with its token, and a stranger does not"):
        reader.scraped()
        status = Visitor(NAME, project.address, PORT).status("/metrics")
        require(status == 401, f"a stranger gets 401, not {status}")
    with transcript.check("it knows every part and counts what people ask") as notes:
        for part in ("database", "redis", "cloud_worker", "clock"):
            require(reader.number(f"isthmus_{part}_up") == 1, f"{part} is up")
        before = reader.number(ANSWERED)
        for seed, route in enumerate(("device", "edge", "split"), start=330):
            photo = person.upload(draw_photo(seed)).json()["id"]
            person.ask(QUESTION, photo=photo, route=route, node=DEVICES[0], fresh=True)
        wait_until(lambda: reader.number(ANSWERED) >= before + 3, 60, "the three questions are counted", every=3)
        notes.append(f"{ANSWERED} went from {before:g} to {reader.number(ANSWERED):g}")
    with transcript.check("every alert is loaded, and none fires of what is up") as notes:
        require(not rules_with_errors(reader), f"no alert has an error: {rules_with_errors(reader)}")
        firing = {rule["name"] for rule in reader.rules() if rule["state"] == "firing"}
        require(not firing & set(AT_REST), f"none of {firing} fires")
        notes.append(f"{len(alert_rules())} alerts; firing: {', '.join(sorted(firing)) or 'none'}")
    with transcript.check("every panel of the dashboard has an answer") as notes:
        wait_until(lambda: not panels_without_answer(reader), 120, "every panel has one", every=5)
        notes.append(f"{len(list(panel_queries()))} queries")


def _ports(project: Project) -> set[tuple[str, int]]:
    published = [port for row in project.containers("prometheus").values() for port in row["Publishers"] or []]
    return {(port["URL"], port["PublishedPort"]) for port in published if port["PublishedPort"]}
