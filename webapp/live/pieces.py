"""The bytes of an open file in small pieces, for a streaming response."""

import asyncio
from typing import BinaryIO

CHUNK = 256 * 1024


class Pieces:
    """Django would read all of an ordinary iterator, or of a file, before an ASGI server sends the first byte."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def __aiter__(self) -> "Pieces":
        return self

    async def __anext__(self) -> bytes:
        if data := await asyncio.to_thread(self._file.read, CHUNK):
            return data
        raise StopAsyncIteration

    def close(self) -> None:
        """Django calls it, also when the caller has hung up."""
        self._file.close()
