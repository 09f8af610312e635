"""People, a real Redis, and the whole stack as a person would start it."""

import gc
import io
import os
import shutil
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import redis
from PIL import Image
from whitenoise.middleware import WhiteNoiseMiddleware

from bench.harness.processes import running_redis, wait_for
from bench.harness.stack import Stack
from tests.distribution import ByStack, stack_of
from tests.made_once import made_once, migrate

if TYPE_CHECKING:
    from inference.engine.bundles.store import Store
    from tests.tracing.collector import Collector
    from webapp.live.spans import Span

RECOVERY_S = 90  # a process that is killed often is restarted after longer and longer pauses, and loads its models then


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return ByStack(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Modules and tests stay until the end: looking through them for garbage took a third of the time of collecting."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that need the stack first, then others with slow tests: in parallel, the last worker is then not left with one of
    them. On PostgreSQL only what asks the database (tests/postgres)."""
    if os.environ.get("TESTS_POSTGRES"):
        items[:] = [item for item in items if asks_the_database(item)]
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    stacks = {path: stack_of(path) or "" for path in {item.path for item in items}}
    items.sort(key=lambda item: (not stacks[item.path], stacks[item.path], not stacks[item.path] and item.path not in slow))


def asks_the_database(item: pytest.Item) -> bool:
    """In this process: the stack has a database of its own."""
    fixtures = set(getattr(item, "fixturenames", ()))
    marked = item.get_closest_marker("django_db") is not None
    return "stack" not in fixtures and (marked or bool(fixtures & {"db", "transactional_db"}))


@pytest.fixture(scope="session")
def common(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if hasattr(request.config, "workerinput") else own


@pytest.fixture(scope="session")
def migrated(common: Path) -> Path:
    """An SQLite database to copy, with no rows but those that migrations make."""
    return made_once(common / "migrated.sqlite3", migrate)


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest, django_db_modify_db_settings: None) -> bool:
    """Migrating takes ten seconds, copying a migrated database none."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        shutil.copy(request.getfixturevalue("migrated"), database["TEST"]["NAME"])
        return True
    return bool(request.config.getvalue("reuse_db"))


@pytest.fixture(scope="session", autouse=True)
def static_files_read_once() -> Iterator[None]:
    """WhiteNoise reads all static files when the middleware is built, and each test client builds its own."""
    read, files = WhiteNoiseMiddleware.add_files_from_finders, dict[str, Any]()

    def add_files(middleware: WhiteNoiseMiddleware) -> None:
        if not files:
            read(middleware)
            files.update(middleware.files)
        middleware.files.update(files)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", add_files)
        yield


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A private Redis, started once; the settings of the tests point to it."""
    from tests.settings import PRIVATE_REDIS

    with running_redis(PRIVATE_REDIS):
        yield PRIVATE_REDIS.url


@pytest.fixture
def store(redis_url: str) -> Iterator[redis.Redis]:
    """The owner's connection to the tests' Redis, emptied afterwards."""
    with redis.Redis.from_url(redis_url) as client:
        yield client
        client.flushall()


@pytest.fixture
def owner(db: None) -> Any:
    from webapp.accounts.models import User

    return User.objects.create_superuser("owner", password="correct horse")


@pytest.fixture
def colleague(db: None) -> Any:
    from webapp.accounts.models import User

    return User.objects.create_user("colleague", password="battery staple")


@pytest.fixture
def client_of() -> Callable[[Any], Any]:
    from tests.openapi import CheckedClient

    def make(user: Any) -> Any:
        client = CheckedClient()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def stranger(owner: Any) -> Any:
    """Somebody who is not logged in, at an installation that has an owner."""
    from django.test import Client

    return Client()


@pytest.fixture
def photo_bytes(request: pytest.FixtureRequest) -> bytes:
    """Each test has its own: the stack that tests share would recognise the photo of another."""
    return draw_photo(zlib.crc32(request.node.nodeid.encode()))


@pytest.fixture(scope="session")
def bundles(common: Path) -> "Store":
    """With the bundled models, exported. Nobody changes it."""
    from inference.engine.bundles.store import Store

    def export(folder: Path) -> None:
        from inference.engine import catalogue
        from inference.engine.bundles.export import export

        export(catalogue.profile("compact"), Store(folder))

    return Store(made_once(common / "bundles", export))


def draw_photo(seed: int = 0, size: tuple[int, int] = (320, 240)) -> bytes:
    """A JPEG of coloured blocks, different for each seed."""
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(blocks).resize(size, Image.Resampling.BICUBIC).save(out, "JPEG", quality=90)
    return out.getvalue()


@pytest.fixture(scope="module")
def stack(whole_stack: Stack) -> Stack:
    """After it has recovered from what earlier tests did to it."""
    wait_for(whole_stack.recovered, RECOVERY_S, "the stack did not recover", every=0.5)
    return whole_stack


@pytest.fixture
def collected() -> Iterator[list["Span"]]:
    """The spans of this process as they end."""
    from webapp.live import spans

    ended: list[Span] = []
    spans.register(ended.append)
    yield ended
    spans.unregister()


@pytest.fixture(scope="session")
def collector() -> Iterator["Collector"]:
    """Takes the traces of the whole stack."""
    from tests.tracing.collector import Collector

    with Collector() as running:
        yield running


@pytest.fixture(scope="session")
def whole_stack(tmp_path_factory: pytest.TempPathFactory, collector: "Collector", migrated: Path) -> Iterator[Stack]:
    """Everything that `make run` starts, in a folder of its own, with an owner; shared by the tests that need it. It exports
    traces, and its log is for programs."""
    whole = Stack(tmp_path_factory.mktemp("stack"))
    whole.env |= {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_EXPORTER_OTLP_HEADERS": "x-key=of-the-collector",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        "ISTHMUS_LOG_FORMAT": "json",
    }
    home, shots = whole.var / "nodes" / "jetson-a", whole.var / "shots"
    for folder in (home, shots):
        folder.mkdir(parents=True, mode=0o700)
    shutil.copy(migrated, whole.var / "isthmus.sqlite3")
    (shots / "first.jpg").write_bytes(draw_photo(7))
    (home / "cameras.toml").write_text(f'shots = "folder:{shots}"\n')  # a device with a camera, of the kind that needs none
    with whole as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        import os

        if os.environ.get("CI"):
            pytest.fail("No Chromium on this machine: apt-get install chromium.")
        pytest.skip("No Chromium on this machine: apt-get install chromium.")
    return path


@pytest.fixture
def photo_file(tmp_path: Path, photo_bytes: bytes) -> Path:
    file = tmp_path / "photo.jpg"
    file.write_bytes(photo_bytes)
    return file
