"""A request is answered in one thread from beginning to end.

Django's own handler for ASGI changes between the event loop and a thread at each change between asynchronous and synchronous
code, and lets the innermost of the middleware wait for the loop once more. Views and middleware here are synchronous.
"""

from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponseBase

from webapp.gate.threads import THREADS


class OneThread(ASGIHandler):
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async with THREADS.one():
            await self.handle(scope, receive, send)

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(self.get_response)(request)
