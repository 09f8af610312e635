"""Flower's Grid over the queues of the registered nodes: same agents, same credentials, warm processes.

To Flower a node id is a client of the run, 1 for partition 0 and so on. Which registered node serves a client is decided here, for
each exchange anew: a client stays where it was, because its node remembers what it sent, and moves when that node is gone.
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
from federation.client_jobs import Served, Told, Watch, after
from federation.node import packing

log = logging.getLogger(__name__)
PASSES = 3  # nodes tried for one client in one exchange
LOOK_S = 0.5  # how often it looks for nodes or Redis while there are none
THREADS = 64
NOBODY = "No device was there to serve this client."


class CeleryGrid(Grid):
    """`on_client` hears what each client does (partition, node, state, reason); `cancelled` is asked several times a second.

    Not `movable`: a client is its node, whose own photos it trains on, and no other node can stand in for it.
    """

    def __init__(
        self,
        run: int,
        clients: int,
        deadline_s: float,
        cancelled: Callable[[], bool] = lambda: False,
        on_client: Callable[[Told], None] = lambda told: None,
        available: Callable[[], list[str]] = nodes.training,
        movable: bool = True,
    ) -> None:
        # Flower's own processes set these private names for message metadata; so the pin of flwr matters.
        TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = run, 1, SUPERLINK_NODE_ID
        self._run = FlowerRun.create_empty(run)
        self.clients, self.deadline_s = clients, deadline_s
        self.cancelled, self.on_client, self.available = cancelled, on_client, available
        self.passes = PASSES if movable else 1
        self.placed: dict[int, str] = {}
        self.served: dict[int, list[Served]] = {}  # by client, since the caller last emptied it
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="client")
        self._pushed: dict[str, tuple[Future[list[Message | None]], int]] = {}

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    # -- what Flower asks for ------------------------------------------------------------------------------------------

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
        names = [_named(message) for message in waiting]
        exchange = self._pool.submit(self._exchange, waiting, self.deadline_s)
        self._pushed.update({name: (exchange, index) for index, name in enumerate(names)})
        return names

    def pull_messages(self, message_ids: Iterable[str]) -> list[Message]:
        done = [self._pushed.pop(name) for name in message_ids if name in self._pushed and self._pushed[name][0].done()]
        replies = [exchange.result()[index] for exchange, index in done]
        return [reply for reply in replies if reply is not None]

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> list[Message]:
        """Replies in the order they were asked for; an error message for what was refused or lost, nothing for what is late.

        Raises dispatch.Cancelled when nobody wants the run to go on.
        """
        waiting = list(messages)
        for message in waiting:
            _named(message)
        return [
            reply for reply in self._exchange(waiting, self.deadline_s if timeout is None else timeout) if reply is not None
        ]

    # -- one exchange --------------------------------------------------------------------------------------------------

    def _exchange(self, messages: list[Message], seconds: float) -> list[Message | None]:
        until = time.monotonic() + seconds
        left = {message.metadata.dst_node_id: message for message in messages}
        done: dict[int, Served] = {}
        gone: set[str] = set()
        for _ in range(self.passes):
            for served in self._pass(left, gone, until):
                done[served.client] = after(done.get(served.client), served)
                if served.state != "lost":
                    left.pop(served.client, None)
                elif served.blamed:
                    gone.add(served.node)
            if not left or not self._others(gone, until):
                break
        for served in done.values():
            self.served.setdefault(served.client, []).append(served)
            self._tell(served.client, served.node, served.state, served.reason)
        return [self._answer(message, done.get(message.metadata.dst_node_id)) for message in messages]

    def _pass(self, left: dict[int, Message], gone: set[str], until: float) -> list[Served]:
        """Every client that is left, once: the clients of one node after each other, the nodes side by side."""
        there = self._available(gone, until)
        movable = [client for client in left if self.passes > 1 or client not in self.placed]
        self.placed.update(nodes.place(movable, there, self.placed))
        nobody = [client for client in left if self.placed.get(client) not in there]
        for client in left.keys() - nobody:
            self._tell(client, self.placed[client], "waiting", "")
        rows = [[client for client in left if self.placed.get(client) == slug] for slug in there]
        futures = [
            self._pool.submit(self._in_turn, slug, row, left, until) for slug, row in zip(there, rows, strict=True) if row
        ]
        served = [one for future in futures for one in future.result()]
        return served + [Served(client, self.placed.get(client, ""), "lost", NOBODY, None, {}) for client in nobody]

    def _in_turn(self, slug: str, row: list[int], left: dict[int, Message], until: float) -> list[Served]:
        """Once a node is lost the clients behind are not tried on it."""
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
            return Served(client, slug, "late", "The round ended before its turn came.", None, {})
        name = f"train-{secrets.token_hex(8)}"
        watch = Watch(slug, self.cancelled, lambda phase: self._tell(client, slug, phase, ""))
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

    def _call(self, slug: str, name: str, message: Message, seconds: float, watch: "Watch") -> Told:
        dispatch.put_blob(slug, name, packing.pack(message), int(seconds) + 60)
        job = Train(run=self._run.run_id, message=name, reply=f"{name}-reply", deadline_s=seconds)
        return dispatch.call(slug, job, seconds, watch.cancelled, watch.heard).model_dump()

    # -- who is there --------------------------------------------------------------------------------------------------

    def _available(self, gone: set[str], until: float) -> list[str]:
        """Wait for a first node while there is time: a run that is resumed comes back sooner than its devices."""
        while True:
            there = [slug for slug in self.available() if slug not in gone]
            if there or time.monotonic() >= until:
                return there
            if self.cancelled():
                raise dispatch.Cancelled
            time.sleep(LOOK_S)

    def _others(self, gone: set[str], until: float) -> bool:
        """Whether another pass makes sense. With Redis away every node is out of reach and none of them is to blame."""
        while time.monotonic() < until:
            if self.cancelled():
                raise dispatch.Cancelled
            try:
                dispatch.bulk().ping()
            except redis.RedisError:
                gone.clear()
                time.sleep(LOOK_S)
                continue
            return any(slug not in gone for slug in self.available())
        return False

    def _tell(self, client: int, node: str, state: str, reason: str) -> None:
        self.on_client({"partition": client - 1, "node": node, "state": state, "reason": reason})

    def _answer(self, message: Message, served: Served | None) -> Message | None:
        if served is None or served.state == "late":
            return None
        if served.reply is not None:
            return served.reply
        code = ErrorCode.NODE_UNAVAILABLE if served.state == "lost" else ErrorCode.CLIENT_APP_RAISED_EXCEPTION
        return Message(Error(code, served.reason), reply_to=message)


def _named(message: Message) -> str:
    """Flower's link gives a message its id when it takes it."""
    message.metadata.__dict__["_message_id"] = secrets.token_hex(16)
    return str(message.metadata.message_id)
