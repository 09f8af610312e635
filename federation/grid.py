"""Flower's Grid over the queues of the registered nodes: same agents, same credentials, warm processes.

To Flower a node id is a client of the run, 1 for partition 0 and so on. Which registered node serves a client is decided here
for each exchange: a client stays on its node, which stores its state, and moves when that node is gone or was late.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace

import redis
from django.db import connection
from flwr.app import Error, Message, RecordDict
from flwr.common.constant import SUPERLINK_NODE_ID, ErrorCode
from flwr.supercore.run import Run as FlowerRun
from flwr.supercore.task_identity import TaskIdentity

from devices import dispatch
from devices.producer import bulk
from federation import nodes
from federation.app.messaging import PacedGrid, Patience
from federation.client_jobs import ClientJobs, Served, after, assign_id
from federation.pacing.tardiness import Tardiness
from federation.pacing.warming import Warming
from federation.runs.rows import ClientProgress

log = logging.getLogger(__name__)
PASSES = 3  # nodes tried for one client in one exchange
LOOK_S = 0.5  # how often to look for nodes or Redis while there are none
THREADS = 64
NOBODY = "No device was available for this client."


class CeleryGrid(PacedGrid):
    """`on_client` is called with what each client does, `cancelled` several times a second.

    Without `movable` a client is bound to its node, whose own photos it trains on, and no other node can replace it; `placed`
    is that node by client, where it is settled. A client that moved goes back when its node is in time again, unless
    `keeps_place`: where keys are lost by a move.
    """

    def __init__(
        self,
        run: int,
        clients: int,
        deadline_s: float,
        cancelled: Callable[[], bool] = lambda: False,
        on_client: Callable[[ClientProgress], None] = lambda progress: None,
        available: Callable[[], list[str]] = nodes.training,
        quorum: int = 1,
        movable: bool = True,
        placed: Mapping[int, str] | None = None,
        keeps_place: bool = False,
        on_prepare: Callable[[list[str]], None] = lambda slugs: None,
    ) -> None:
        # Flower's own processes set these private names for message metadata, which is why flwr is pinned exactly.
        TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = run, 1, SUPERLINK_NODE_ID
        self._run = FlowerRun.create_empty(run)
        self.clients, self.deadline_s, self.quorum = clients, deadline_s, quorum
        self.cancelled, self.on_client, self.available = cancelled, on_client, available
        self.movable, self.keeps_place, self.on_prepare = movable, keeps_place, on_prepare
        self.passes = PASSES if movable else 1
        self.placed: dict[int, str] = dict(placed or {})
        self._first_place: dict[int, str] = {}
        self.tardiness = Tardiness()
        self._jobs = ClientJobs(run, cancelled, self._report)
        self._warming = Warming(self._jobs)
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
        names = [assign_id(message) for message in waiting]
        exchange = self._pool.submit(self._exchange, waiting, Patience(self.deadline_s))
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
        return self.exchange(messages, Patience(self.deadline_s if timeout is None else timeout))

    # -- and the app's own, which waits less ----------------------------------------------------------------------------

    def exchange(self, messages: Iterable[Message], patience: Patience) -> list[Message]:
        waiting = list(messages)
        for message in waiting:
            assign_id(message)
        return [reply for reply in self._exchange(waiting, patience) if reply is not None]

    def prepare(self, content: RecordDict, number: int) -> None:
        """Start the training processes of the nodes that will be asked."""
        available = self.tardiness.rested(self.available(), number)
        clients = range(1, self.clients + 1)
        placed = nodes.place(clients, available, self.placed) if self.movable else self.placed
        for slug in self._warming.warm(sorted(set(placed.values()) & set(available)), content, self.on_prepare):
            self.tardiness.late(slug, number)

    # -- one exchange --------------------------------------------------------------------------------------------------

    def _exchange(self, messages: list[Message], patience: Patience) -> list[Message | None]:
        left = {message.metadata.dst_node_id: message for message in messages}
        number = int(messages[0].metadata.group_id or 0) if messages else 0
        done: dict[int, Served] = {}
        unreachable: set[str] = set()
        for _ in range(self.passes):
            for served in self._pass(left, unreachable, patience, number):
                done[served.client] = after(done.get(served.client), served)
                if served.state == "late" and served.blamed:
                    self.tardiness.late(served.node, number)
                if served.state != "lost" and not served.elsewhere:
                    left.pop(served.client, None)
                elif served.blamed:
                    unreachable.add(served.node)
            if not left or not self._others(unreachable, patience):
                break
        for served in done.values():
            self.served.setdefault(served.client, []).append(served)
            self._report(served.client, served.node, served.state, served.reason)
        return [self._reply(message, done.get(message.metadata.dst_node_id)) for message in messages]

    def _pass(self, left: dict[int, Message], unreachable: set[str], patience: Patience, number: int) -> list[Served]:
        """Every remaining client, once: the clients of one node in turn, the nodes in parallel."""
        available = self._available(unreachable, patience)
        resting = self._place(list(left), available, number)
        nobody = [client for client in left if self.placed.get(client) not in available]
        asked = [client for client in left if client not in nobody and client not in resting]
        for client in asked:
            self._report(client, self.placed[client], "waiting", "")
        rows = {slug: row for slug in available if (row := [client for client in asked if self.placed[client] == slug])}
        # Where the others have nothing left to do, they can take over from a node that does not get on.
        idle = Patience(patience.seconds, 0 if not self.movable or self.keeps_place or len(rows) < 2 else -(-len(rows) // 2))
        # Each with a copy of the context: which trace the jobs belong to.
        futures = [
            self._pool.submit(copy_context().run, self._in_turn, slug, row, left, patience, idle) for slug, row in rows.items()
        ]
        served = [outcome for future in futures for outcome in future.result()]
        served += [Served(client, self.placed[client], "late", resting[client], None, {}, False) for client in resting]
        return served + [Served(client, self.placed.get(client, ""), "lost", NOBODY, None, {}) for client in nobody]

    def _place(self, left: list[int], available: list[str], number: int) -> dict[int, str]:
        """A node for each client; the reason beside those whose own node rests."""
        rested = self.tardiness.rested(available, number)
        if self.movable:
            usable = rested or available
            before = self.placed if self.keeps_place else {**self.placed, **self._first_place}
            self.placed.update(nodes.place(left, usable, before))
            for client in left:
                self._first_place.setdefault(client, self.placed.get(client, ""))
            return {}
        self.placed.update(nodes.place([client for client in left if client not in self.placed], available, self.placed))
        waiting = [client for client in left if self.placed.get(client) in set(available) - set(rested)]
        if len(left) - len(waiting) < self.quorum:
            return {}  # without them the round cannot count
        return {
            client: f"{(slug := self.placed[client])} was late; it is asked again in round {self.tardiness.asked_again(slug)}."
            for client in waiting
        }

    def _in_turn(self, slug: str, row: list[int], left: dict[int, Message], patience: Patience, idle: Patience) -> list[Served]:
        """After a node is lost or late its remaining clients are not tried on it."""
        done: list[Served] = []
        try:
            for client in row:
                last = done[-1] if done else None
                if last is not None and (last.state == "lost" or last.elsewhere):
                    done.append(replace(last, client=client))
                    continue
                done.append(self._jobs.serve(slug, client, left[client], patience, idle))
                if done[-1].state == "ok":
                    patience.arrived()
            if done[-1].state == "ok":
                self.tardiness.in_time(slug)
                idle.arrived()
        finally:
            connection.close()
        return done

    # -- available nodes --------------------------------------------------------------------------------------------------

    def _available(self, unreachable: set[str], patience: Patience) -> list[str]:
        """Wait for a first node while there is time: a resumed run may start sooner than its devices."""
        while True:
            slugs = [slug for slug in self.available() if slug not in unreachable]
            if slugs or not patience.seconds:
                return slugs
            if self.cancelled():
                raise dispatch.Cancelled
            time.sleep(LOOK_S)

    def _others(self, unreachable: set[str], patience: Patience) -> bool:
        """Whether another pass makes sense. While Redis is away every node is unreachable and none is to blame."""
        while patience.seconds:
            if self.cancelled():
                raise dispatch.Cancelled
            try:
                bulk().ping()
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
