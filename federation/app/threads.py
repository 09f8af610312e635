"""Flower's Grid in threads of this process, without a broker: for tests, benchmarks and small runs."""

import secrets
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from flwr.app import Context, Error, Message, RecordDict
from flwr.common.constant import SUPERLINK_NODE_ID, ErrorCode
from flwr.common.serde import recorddict_from_proto, recorddict_to_proto
from flwr.proto.recorddict_pb2 import RecordDict as ProtoRecordDict
from flwr.supercore.run import Run
from flwr.supercore.task_identity import TaskIdentity

from federation.app.messaging import PacedGrid, Patience

ClientApp = Callable[[Message, Context], Message]
LONGEST_WAIT_S = 3600.0  # at once; the platform has a limit
Tamper = Callable[[Message, Message], Message | None]


class ThreadGrid(PacedGrid):
    """Clients 1 … n, each with its own Context. `tamper` sees request and reply and returns what arrives, or None for nothing.

    With a folder the contexts persist, as they do on a node.
    """

    def __init__(
        self, client_app: ClientApp, clients: int, workers: int = 1, tamper: Tamper | None = None, folder: Path | None = None
    ) -> None:
        # Flower's own processes set these private names for message metadata, which is why flwr is pinned exactly.
        TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, SUPERLINK_NODE_ID
        self._run = Run.create_empty(1)
        self._client_app, self._tamper, self._folder = client_app, tamper, folder
        self._contexts = {client: Context(1, client, {}, self._stored_state(client), {}) for client in range(1, clients + 1)}
        self._locks = {client: threading.Lock() for client in self._contexts}
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="client")
        self._pushed: dict[str, Future[Message | None]] = {}

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def set_run(self, run: Run) -> None:
        self._run = run

    @property
    def run(self) -> Run:
        return self._run

    def create_message(
        self, content: RecordDict, message_type: str, dst_node_id: int, group_id: str, ttl: float | None = None
    ) -> Message:
        return Message(content, dst_node_id, message_type, ttl=ttl, group_id=group_id)

    def get_node_ids(self) -> list[int]:
        return list(self._contexts)

    def push_messages(self, messages: Iterable[Message]) -> list[str]:
        names = []
        for message in messages:
            message.metadata.__dict__["_message_id"] = secrets.token_hex(16)
            names.append(message.metadata.message_id)
            self._pushed[names[-1]] = self._pool.submit(self._serve, message)
        return names

    def pull_messages(self, message_ids: Iterable[str]) -> list[Message]:
        done = [self._pushed.pop(name) for name in message_ids if name in self._pushed and self._pushed[name].done()]
        return [reply for future in done if (reply := future.result()) is not None]

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> list[Message]:
        return self.exchange(messages, Patience(threading.TIMEOUT_MAX if timeout is None else timeout))

    def exchange(self, messages: Iterable[Message], patience: Patience) -> list[Message]:
        names = self.push_messages(messages)
        waiting = [self._pushed[name] for name in names]
        left = set(waiting)
        while left and patience.seconds:
            done, left = wait(left, min(patience.seconds, LONGEST_WAIT_S), FIRST_COMPLETED)
            for future in done:
                if (reply := future.result()) is not None and not reply.has_error():
                    patience.arrived()
        for late in waiting:
            late.cancel()
        replies = self.pull_messages([name for name in names if not self._pushed[name].cancelled()])
        for name in names:
            self._pushed.pop(name, None)
        return replies

    def _serve(self, message: Message) -> Message | None:
        client = message.metadata.dst_node_id
        with self._locks[client]:
            try:
                reply = self._client_app(message, self._contexts[client])
            except (ValueError, RuntimeError) as error:  # as on a node: the round continues without this client
                return Message(Error(ErrorCode.CLIENT_APP_RAISED_EXCEPTION, str(error)[:300]), reply_to=message)
            self._store_state(client)
        return self._tamper(message, reply) if self._tamper else reply

    def _stored_state(self, client: int) -> RecordDict:
        file = self._folder / f"{client}.state" if self._folder else None
        if file is None or not file.exists():
            return RecordDict()
        proto = ProtoRecordDict()
        proto.ParseFromString(file.read_bytes())
        return recorddict_from_proto(proto)

    def _store_state(self, client: int) -> None:
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = self._folder / f"{client}.partial"
        try:
            partial.write_bytes(recorddict_to_proto(self._contexts[client].state).SerializeToString())
            partial.replace(self._folder / f"{client}.state")
        finally:
            partial.unlink(missing_ok=True)
