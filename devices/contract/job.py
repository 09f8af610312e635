"""What every node job is: the arguments of one verb, and the type of its result."""

from typing import ClassVar, Generic, TypeVar

from devices.contract.protocol import ANSWERING
from devices.contract.values import Received, Sent

Result = TypeVar("Result", bound=Received)


class Job(Sent, Generic[Result]):
    """The arguments of one verb."""

    verb: ClassVar[str]
    queue: ClassVar[str] = ANSWERING
    result: ClassVar[type[Received]]
