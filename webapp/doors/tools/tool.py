"""What a tool is: its name and words, the types of its arguments and its result, and what it does."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from webapp.doors.caller import Caller

CALLER = "isthmus.caller"  # in the scope of a request
Arguments = TypeVar("Arguments", bound=BaseModel)
Result = TypeVar("Result", bound=BaseModel)
Progress = Callable[[str], Awaitable[None]]  # what is being done at this moment


@dataclass(frozen=True)
class Tool(Generic[Arguments, Result]):
    """`run` raises UserError. `changes`: it adds something to what the person has; no tool changes or deletes anything."""

    name: str
    title: str
    description: str  # for the model that chooses the tool
    arguments: type[Arguments]
    result: type[Result]
    run: Callable[[Caller, Arguments, Progress], Awaitable[Result]]
    changes: bool = False


AnyTool = Tool[Any, Any]
