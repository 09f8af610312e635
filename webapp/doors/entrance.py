"""Which requests go through a door; all others go to the site. Composed in webapp.asgi, behind the bounds on bodies."""

from webapp.doors import heartbeats
from webapp.doors.openai import door as openai
from webapp.doors.tools import door as tools
from webapp.gate.bounds import OPENAI, TOOLS
from webapp.gate.refusals import App, Receive, Scope, Send


class Doors:
    """ASGI middleware. A door answers by itself: with a personal token, without session, cookies and pages."""

    def __init__(self, site: App) -> None:
        self.site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in heartbeats.PATHS:
            await heartbeats.serve(scope, receive, send, self.site)
            return
        await self._door(scope)(scope, receive, send)

    def _door(self, scope: Scope) -> App:
        if scope["type"] != "http":
            return self.site
        path = scope["path"].rstrip("/")
        if f"{path}/".startswith(OPENAI):
            return openai.serve
        return tools.serve if path == TOOLS else self.site
