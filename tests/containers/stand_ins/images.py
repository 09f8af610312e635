"""What each stand-in is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

OLDER, NEWER = "bookworm", "trixie"
# The published images are Alpine's or BusyBox's: a script that needs more of a command than these know fails here, too.
BUSYBOX = "for name in sh sed grep cut tr mv wget sha256sum; do ln -s /bin/busybox /usr/local/bin/$name; done"


@dataclass(frozen=True)
class StandIn:
    """`script` runs as root inside; `files`: of this folder, by the path they get; `changes`: instructions of a Dockerfile.

    `pip`: whether it gets this machine's settings of pip, with the folders they name.
    """

    image: str
    release: str
    packages: tuple[str, ...]
    script: str = ":"
    changes: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    pip: bool = False


STAND_INS = (
    StandIn(
        "python:3.11-slim",
        OLDER,
        ("python3", "python3-pip", "ca-certificates"),
        "rm /usr/lib/python3*/EXTERNALLY-MANAGED; ln -s python3 /usr/bin/python",
        ("CMD python3",),
        pip=True,
    ),
    StandIn(
        "postgres:17-alpine",
        NEWER,
        ("postgresql-17", "gosu"),
        "install -d -o postgres -g postgres -m 1777 /var/lib/postgresql/data; rm -rf /var/lib/postgresql/17 /etc/postgresql",
        (
            "ENV PATH /usr/lib/postgresql/17/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "ENV PGDATA /var/lib/postgresql/data",
            "VOLUME /var/lib/postgresql/data",
            "STOPSIGNAL SIGINT",
            'ENTRYPOINT ["postgres.sh"]',
        ),
        {"/usr/local/bin/postgres.sh": "postgres.sh"},
    ),
    StandIn(
        "redis:7.4-alpine",
        NEWER,
        ("redis-server", "redis-tools", "busybox-static"),
        f"{BUSYBOX}; install -d -o redis -g redis /data",
        ("VOLUME /data", "WORKDIR /data", 'CMD ["redis-server"]'),
    ),
    StandIn(
        "caddy:2-alpine",
        NEWER,
        ("caddy", "libcap2-bin", "ca-certificates"),
        "setcap cap_net_bind_service=+ep /usr/bin/caddy; mkdir -p /srv; install -d -m 1777 /config/caddy /data/caddy",
        (
            "ENV XDG_CONFIG_HOME /config",
            "ENV XDG_DATA_HOME /data",
            "WORKDIR /srv",
            'CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]',
        ),
    ),
    StandIn(
        "prom/prometheus:v3.5.0",
        NEWER,
        ("prometheus", "busybox-static"),
        f"{BUSYBOX}; install -d -o nobody -g nogroup -m 775 /prometheus",
        ("USER nobody", "VOLUME /prometheus", "WORKDIR /prometheus", 'ENTRYPOINT ["/usr/bin/prometheus"]'),
    ),
)
