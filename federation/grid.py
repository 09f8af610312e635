"""Flower's Grid over the queues of the registered nodes: same agents, same credentials, warm processes.

To Flower a node id is a client of the run, 1 for partition 0 and so on. Which registered node serves a client is decided here
for each exchange: a client stays on its node, which stores its state, and moves when that node is gone.
"""

import logging
import secrets
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

import redis
from django.db import connection
from flwr.app import Error, Message, RecordDict
from flwr.common.constant import SUPERLINK_NODE_ID, ErrorCode
from flwr.serverapp import Grid
from flwr.supercore.run import Run as FlowerRun
from flwr.supercore.task_identity import TaskIdentity

from devices import dispatch
from devices.contract.jobs import Train
from federation import nodes
from federation.client_jobs import JobWatch, Measured, Served, after
from federation.node import packing
from federation.runs.rows import ClientProgress

log = logging.getLogger(__name__)
PASSES = 3  # nodes tried for one client in one exchange
LOOK_S = 0.5  # how often to look for nodes or Redis while there are none
THREADS = 64
NOBODY = "No device was available for this client."


class CeleryGrid(Grid):
    """`on_client` is called with what each client does, `cancelled` several times a second.

    Without `movable` a client is bound to its node, whose own photos it trains on, and no other node can replace it.
    """

    def __init__(
        self,
        run: int,
        clients: int,
        deadline_s: float,
        cancelled: Callable[[], bool] = lambda: False,
        on_client: Callable[[ClientProgress], None] = lambda progress: None,
        available: Callable[[], list[str]] = nodes.training,
        movable: bool = True,
    ) -> None:
        # Flower's own processes set these private names for message metadata, which is why flwr is pinned exactly.
        TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = run, 1, SUPERLINK_NODE_ID
        self._run = FlowerRun.create_empty(run)
        self.clients, self.deadline_s = clients, deadline_s
        self.cancelled, self.on_client, self.available = cancelled, on_client, available
        self.passes = PASSES if movable else 1
        self.placed: dict[int, str] = {}
        self.served: dict[int, list[Served]] = {}  # by client; the caller empties it
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="client")
        self._pushed: dict[str, tuple[Future[list[Message | None]], int]] = {}

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    # -- Flower's interface ---------------------------------------------------------------------------------------------

    def set_run(self, run: FlowerRun) -> None:
        self._run = run

    @property
    def run(self) -> FlowerRun:
        return self._run

    def create_message(
        self, content: RecordDict, message_type: str, dst_node_id: int, group_id: str, ttl: float | None = None
    ) -> Message:
        return Message(content, dst_node_id, message_type, ttl=ttl, group_id=group_id)

    def get_node_ids(self) -> list[int]:
        return list(range(1, self.clients + 1))

    def push_messages(self, messages: Iterable[Message]) -> list[str]:
        waiting = list(messages)
        names = [_assign_id(message) for message in waiting]
        exchange = self._pool.submit(self._exchange, waiting, self.deadline_s)
        self._pushed.update({name: (exchange, index) for index, name in enumerate(names)})
        return names

    def pull_messages(self, message_ids: Iterable[str]) -> list[Message]:
        done = [self._pushed.pop(name) for name in message_ids if name in self._pushed and self._pushed[name][0].done()]
        replies = [exchange.result()[index] for exchange, index in done]
        return [reply for reply in replies if reply is not None]

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> list[Message]:
        """Replies in the order of the messages; an error message for those refused or lost, nothing for those late.

        Raises dispatch.Cancelled when the run was paused or stopped.
        """
        waiting = list(messages)
        for message in waiting:
            _assign_id(message)
        return [
            reply for reply in self._exchange(waiting, self.deadline_s if timeout is None else timeout) if reply is not None
        ]

    # -- one exchange --------------------------------------------------------------------------------------------------

    def _exchange(self, messages: list[Message], seconds: float) -> list[Message | None]:
        until = time.monotonic() + seconds
        left = {message.metadata.dst_node_id: message for message in messages}
        done: dict[int, Served] = {}
        unreachable: set[str] = set()
        for _ in range(self.passes):
            for served in self._pass(left, unreachable, until):
                done[served.client] = after(done.get(served.client), served)
                if served.state != "lost":
                    left.pop(served.client, None)
                elif served.blamed:
                    unreachable.add(served.node)
            if not left or not self._others(unreachable, until):
                break
        for served in done.values():
            self.served.setdefault(served.client, []).append(served)
            self._report(served.client, served.node, served.state, served.reason)
        return [self._reply(message, done.get(message.metadata.dst_node_id)) for message in messages]

    def _pass(self, left: dict[int, Message], unreachable: set[str], until: float) -> list[Served]:
        """Every remaining client, once: the clients of one node in turn, the nodes in parallel."""
        available = self._available(unreachable, until)
        movable = [client for client in left if self.passes > 1 or client not in self.placed]
        self.placed.update(nodes.place(movable, available, self.placed))
        nobody = [client for client in left if self.placed.get(client) not in available]
        for client in left.keys() - nobody:
            self._report(client, self.placed[client], "waiting", "")
        rows = [[client for client in left if self.placed.get(client) == slug] for slug in available]
        futures = [
            self._pool.submit(self._in_turn, slug, row, left, until) for slug, row in zip(available, rows, strict=True) if row
        ]
        served = [outcome for future in futures for outcome in future.result()]
        return served + [Served(client, self.placed.get(client, ""), "lost", NOBODY, None, {}) for client in nobody]

    def _in_turn(self, slug: str, row: list[int], left: dict[int, Message], until: float) -> list[Served]:
        """After a node is lost its remaining clients are not tried on it."""
        done: list[Served] = []
        try:
            for client in row:
                if done and done[-1].state == "lost":
                    done.append(Served(client, slug, "lost", done[-1].reason, None, {}))
                else:
                    done.append(self._serve(slug, client, left[client], until))
        finally:
            connection.close()
        return done

    def _serve(self, slug: str, client: int, message: Message, until: float) -> Served:
        seconds = until - time.monotonic()
        if seconds <= 0:
            return Served(client, slug, "late", "The round ended before its turn.", None, {})
        name = f"train-{secrets.token_hex(8)}"
        watch = JobWatch(slug, self.cancelled, lambda phase: self._report(client, slug, phase, ""))
        try:
            measured = self._call(slug, name, message, seconds, watch)
            return Served(client, slug, "ok", "", packing.unpack(dispatch.take_blob(slug, f"{name}-reply")), measured)
        except dispatch.NodeGone as error:
            late = time.monotonic() >= until and not watch.killed
            blamed = not isinstance(error, dispatch.RedisAway)
            return Served(client, slug, "late" if late else "lost", str(error), None, {}, blamed)
        except (dispatch.StageFailed, packing.BadMessage) as error:
            if isinstance(error, dispatch.StageFailed) and error.code == "redis":
                return Served(client, slug, "lost", str(error), None, {}, blamed=False)
            return Served(client, slug, "refused", str(error), None, {})
        finally:
            dispatch.drop_blob(slug, name)

    def _call(self, slug: str, name: str, message: Message, seconds: float, watch: JobWatch) -> Measured:
        dispatch.put_blob(slug, name, packing.pack(message), int(seconds) + 60)
        job = Train(run=self._run.run_id, message=name, reply=f"{name}-reply", deadline_s=seconds)
        trained = dispatch.call(slug, job, seconds, watch.cancelled, watch.on_progress)
        return {
            "down_bytes": trained.down_bytes,
            "up_bytes": trained.up_bytes,
            "down_s": trained.down_s,
            "compute_s": trained.compute_s,
            "up_s": trained.up_s,
        }

    # -- available nodes --------------------------------------------------------------------------------------------------

    def _available(self, unreachable: set[str], until: float) -> list[str]:
        """Wait for a first node while there is time: a resumed run may start sooner than its devices."""
        while True:
            slugs = [slug for slug in self.available() if slug not in unreachable]
            if slugs or time.monotonic() >= until:
                return slugs
            if self.cancelled():
                raise dispatch.Cancelled
            time.sleep(LOOK_S)

    def _others(self, unreachable: set[str], until: float) -> bool:
        """Whether another pass makes sense. While Redis is away every node is unreachable and none is to blame."""
        while time.monotonic() < until:
            if self.cancelled():
                raise dispatch.Cancelled
            try:
                dispatch.bulk().ping()
            except redis.RedisError:
                unreachable.clear()
                time.sleep(LOOK_S)
                continue
            return any(slug not in unreachable for slug in self.available())
        return False

    def _report(self, client: int, node: str, state: str, reason: str) -> None:
        self.on_client({"partition": client - 1, "node": node, "state": state, "reason": reason})

    def _reply(self, message: Message, served: Served | None) -> Message | None:
        if served is None or served.state == "late":
            return None
        if served.reply is not None:
            return served.reply
        code = ErrorCode.NODE_UNAVAILABLE if served.state == "lost" else ErrorCode.CLIENT_APP_RAISED_EXCEPTION
        return Message(Error(code, served.reason), reply_to=message)


def _assign_id(message: Message) -> str:
    """Flower's SuperLink would assign it on receipt."""
    message.metadata.__dict__["_message_id"] = secrets.token_hex(16)
    return str(message.metadata.message_id)
