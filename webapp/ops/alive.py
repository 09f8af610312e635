"""`python -m webapp.ops.alive KEY`: exit 0 while a process renews that key in Redis. For health checks, without Django."""

import sys

import redis

from webapp import env
from webapp.redis_access import connections


def main(key: str) -> int | str:
    try:
        with connections.connect(env.text("REDIS_URL"), socket_timeout=3, socket_connect_timeout=3) as client:
            return 0 if client.exists(key) else 1
    except (redis.RedisError, env.BadSetting) as error:
        return str(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
