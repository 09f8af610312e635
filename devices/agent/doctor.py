"""What is wrong with this node, and how to fix it. What takes long comes last."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import redis

from devices.agent import capabilities, config, runtime, training_supervisor
from devices.agent.cameras import capture
from devices.agent.cameras.source import CameraError
from devices.agent.capabilities import Finding
from devices.agent.server import Refused, Server, Unreachable
from devices.contract.protocol import ANSWERING, key

LEAST_FREE = 1 << 30  # bytes


def findings(home: Path) -> Iterator[Finding]:
    try:
        kept = config.load(home)
    except config.ConfigError as error:
        yield Finding("home", str(error), "Ask an admin for a code and run `join`.")
        return
    yield Finding("home", f"{kept.slug} ({kept.tier}), fingerprint {config.fingerprint(home)}")
    exposed = next(config.readable_by_others(home), None)
    yield Finding(
        "files",
        f"{exposed} is readable by other accounts of this machine" if exposed else "readable by this account only",
        f"chmod -R go= {home}" if exposed else "",
    )
    free = shutil.disk_usage(home).free
    yield Finding("disk", f"{free / 1e9:.1f} GB free", "" if free > LEAST_FREE else "Free some space: photos are kept here.")
    yield _cameras(home)
    yield _server(kept)
    yield _redis(kept)
    yield _answering(kept)
    yield Finding("training", training_supervisor.obstacle() or "this node can train")
    for name in (capabilities.ANSWERING, capabilities.TRAINING):
        if not capabilities.obstacle(name):
            yield from capabilities.examine(name, home, runtime.profile_of(kept))


def _answering(kept: config.Config) -> Finding:
    why = capabilities.obstacle(capabilities.ANSWERING, runtime.profile_of(kept))
    return Finding("answering", "this node answers no questions" if why else "this node can answer", why)


def _cameras(home: Path) -> Finding:
    try:
        cameras = capture.configured(home, [])
    except config.ConfigError as error:
        return Finding("cameras", str(error), f"Fix {home / capture.FILE}.")
    states = []
    for name in cameras.names:
        try:
            cameras.frame(name)
        except CameraError as error:
            if not (cameras.stays_open(name) and config.runs_here(home)):
                return Finding("cameras", str(error), "Look at the camera and at its line in cameras.toml.")
            states.append(f"{name} (not examined: the running agent may be reading it)")
        else:
            states.append(name)
    return Finding("cameras", ", ".join(states) or "none")


def _server(kept: config.Config) -> Finding:
    try:
        Server(kept.server, kept.token, kept.server_ca).get("/api/v1/nodes/me")
    except Unreachable as error:
        return Finding("server", str(error), "Check the network and the server's address.")
    except Refused as refused:
        return Finding("server", str(refused), "Join again with a new code." if refused.status == 401 else "Update the agent.")
    return Finding("server", f"{kept.server} knows this node")


def _redis(kept: config.Config) -> Finding:
    if kept.redis is None:
        return Finding("redis", "no credentials yet", "An admin approves this node on the devices page.")
    try:
        with redis.Redis.from_url(kept.redis_url, socket_timeout=3, socket_connect_timeout=3) as client:
            client.llen(key(kept.slug, ANSWERING))
    except redis.AuthenticationError:
        return Finding("redis", "it refuses this node", "It comes back by itself while the agent runs; else join again.")
    except redis.RedisError as error:
        return Finding(
            "redis", f"it does not answer ({error})", "Is its port reachable from here? See ISTHMUS_NODE_REDIS_HOST."
        )
    return Finding("redis", f"{kept.redis['host']}:{kept.redis['port']} lets this node in")
