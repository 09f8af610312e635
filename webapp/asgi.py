"""The ASGI application: pages, API and the doors of other programs over HTTP, live updates over websockets."""

import os

import django

os.umask(0o077)  # what this process writes is nobody else's
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
django.setup(set_prefix=False)  # before anything that imports models

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from channels.sessions import CookieMiddleware
from django.conf import settings
from django.urls import get_resolver

from devices.agent.config import make_private
from webapp.accounts.logins.sessions import PersonOfSession
from webapp.accounts.unread_request import is_logged_in
from webapp.doors.entrance import Doors
from webapp.gate.bodies import BoundedBodies
from webapp.gate.one_thread import OneThread
from webapp.gate.peers import RealPeer
from webapp.ops import garbage
from webapp.ops.metrics import events
from webapp.ops.traces import export
from webapp.ops.traces.requests import RequestSpans
from webapp.sockets import WithoutDatabase, websocket_urlpatterns

export.be("web")
make_private(settings.VAR_DIR)  # written by a version that left the modes to the system
site = RealPeer(
    ProtocolTypeRouter(
        {
            "http": RequestSpans(BoundedBodies(Doors(OneThread()), is_logged_in)),
            # Browsers do not apply the same-origin policy to websockets. A missing Origin is refused as well.
            "websocket": WithoutDatabase(
                AllowedHostsOriginValidator(CookieMiddleware(PersonOfSession(URLRouter(websocket_urlpatterns))))
            ),
        }
    )
)
application = events.measured(site)
get_resolver().url_patterns  # noqa: B018  imports every page now, and not for the first visitor
garbage.leave_out_what_stays()
