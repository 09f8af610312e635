"""Settings of the tests: the real ones over a folder and a Redis of their own. conftest.redis_server starts the server."""

import os
import tempfile
from pathlib import Path

# Test processes run side by side: threads of one model in each would fight over the cores. Before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["ISTHMUS_VAR"] = tempfile.mkdtemp(prefix="isthmus-tests-")
for name in [name for name in os.environ if name.startswith(("ISTHMUS_PLANNER", "POSTGRES_", "ISTHMUS_PROFILE"))]:
    del os.environ[name]  # a developer's own installation must not leak into the tests
if socket := os.environ.get("TESTS_POSTGRES"):  # the folder of a private server's socket: tests/postgres
    os.environ |= {"POSTGRES_HOST": socket, "POSTGRES_USER": "isthmus"}

os.environ["ISTHMUS_REUSE_DAYS"] = "0"  # tests look at what is computed; tests/calls turns it on

from webapp.ops import private_redis  # noqa: E402  reads ISTHMUS_VAR when it is imported

PRIVATE_REDIS = private_redis.prepare(Path(os.environ["ISTHMUS_VAR"]))
os.environ["REDIS_URL"] = PRIVATE_REDIS.url

from webapp.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one is slow on purpose
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405  a test's threads leave no connection behind
if not socket:
    # A file, not memory: SQLite's shared memory databases lock whole tables between threads and do not wait.
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / "tests.sqlite3"}  # noqa: F405
STATIC_ROOT.mkdir(parents=True)  # noqa: F405  as `up` does
# A variable that a template expects and no view gives is otherwise shown as nothing; tests/pages looks for this.
UNKNOWN_VARIABLE = "unknown template variable: %s"
TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = UNKNOWN_VARIABLE  # type: ignore[index]  # noqa: F405
