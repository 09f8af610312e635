"""Locks that a node hands to people in turn, so that the many jobs of one do not keep the few of another waiting."""

import threading
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import zip_longest

from devices.contract.protocol import BACKGROUND


class Ticket:
    """A job at a FairLock. `kind`: jobs of the same kind may be done in one turn; None: this one has a turn to itself."""

    def __init__(self, person: str, kind: object = None) -> None:
        self.person, self.kind = person, kind
        self.called = threading.Event()  # when it has waited: it holds the lock, or whoever took it along has done its work


class FairLock:
    """One holder at a time. Whoever waits gets it in turn by person; the jobs of one person in the order they came; jobs that
    nobody waits for (BACKGROUND) after all others, in turn among themselves. The holder may take along others who wait with
    work of the same kind."""

    def __init__(self) -> None:
        self._arrival = threading.Condition()
        self._is_taken = False
        self._waiting: OrderedDict[str, deque[Ticket]] = OrderedDict()  # the first is served next

    @contextmanager
    def of(self, person: str) -> Iterator[None]:
        ticket = Ticket(person)
        self.acquire(ticket)
        try:
            yield
        finally:
            self.release(ticket)

    def acquire(self, ticket: Ticket) -> None:
        """Returns when the ticket holds the lock, or somebody who took it along has called it."""
        with self._arrival:
            if not self._is_taken:
                self._is_taken = True
                return
            self._waiting.setdefault(ticket.person, deque()).append(ticket)
            self._arrival.notify()
        ticket.called.wait()

    def release(self, holder: Ticket) -> None:
        with self._arrival:
            if holder.person in self._waiting:  # just served: everybody else who waits goes first
                self._waiting.move_to_end(holder.person)
            if not self._waiting:
                self._is_taken = False
                return
            following = self._in_order()[0][1][0]
            self._remove(following)
            following.called.set()

    def companions(self, holder: Ticket) -> list[Ticket]:
        """Who waits with work of the holder's kind, in the order to take them along: people in turn. While somebody waits for
        something else, one job of each person is enough."""
        with self._arrival:
            alike = {
                person: [ticket for ticket in tickets if ticket.kind is holder.kind] for person, tickets in self._in_order()
            }
        own = [holder, *alike.pop(holder.person, [])]
        rounds = 1 if not all(alike.values()) else None
        in_turn = [ticket for tickets in list(zip_longest(own, *alike.values()))[:rounds] for ticket in tickets]
        return [ticket for ticket in in_turn if ticket is not None][1:]

    def take(self, tickets: Iterable[Ticket]) -> None:
        """Out of the queue, by the holder, who calls them when their work is done."""
        with self._arrival:
            for ticket in tickets:
                self._remove(ticket)
                if ticket.person in self._waiting:
                    self._waiting.move_to_end(ticket.person)

    def wait_for_another(self, seconds: float) -> None:
        """Until somebody joins the queue, or so long."""
        with self._arrival:
            self._arrival.wait(seconds)

    def _in_order(self) -> list[tuple[str, deque[Ticket]]]:
        return sorted(self._waiting.items(), key=lambda entry: entry[0].startswith(BACKGROUND))

    def _remove(self, ticket: Ticket) -> None:
        tickets = self._waiting[ticket.person]
        tickets.remove(ticket)
        if not tickets:
            del self._waiting[ticket.person]


class PersonalLocks:
    """One holder at a time for each person: two jobs of one person wait for each other, those of two people do not."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._locks: dict[str, tuple[threading.Lock, int]] = {}  # with how many hold it or wait for it

    @contextmanager
    def of(self, person: str) -> Iterator[None]:
        with self._mutex:
            lock, users = self._locks.get(person) or (threading.Lock(), 0)
            self._locks[person] = lock, users + 1
        try:
            with lock:
                yield
        finally:
            with self._mutex:
                lock, users = self._locks[person]
                if users == 1:
                    del self._locks[person]
                else:
                    self._locks[person] = lock, users - 1
