"""The HTTP API below /api/v1: who may call it and which routers it has. Documentation for people is at /api/docs."""

from ninja import NinjaAPI
from ninja.throttling import AuthRateThrottle

from webapp.api import errors
from webapp.api.auth import REQUESTS, PersonalToken, schema_for_people, session
from webapp.api.parser import StorableParser

PREFIX = "/api/v1/"
DESCRIPTION = """Ask questions about photos, read how each answer was computed, manage nodes, and train models on devices.

**Authentication.** Create a personal token on your account page and send it as `Authorization: Bearer isthmus_…`.
In the browser your session is enough.

**Lists** come in pages: `limit` (at most 200) and `offset`; the answer holds `items` and the `total`.

**Errors** all have the same body: `{"error": {"code", "message", "next"}}`. `code` is for programs, `message` says what
happened and `next` what to do about it.

**Live updates** come over websockets: `/ws/chat/<conversation>/`, `/ws/conversations/`, `/ws/batches/<batch>/`,
`/ws/devices/`, `/ws/models/`, `/ws/watches/` and `/ws/federation/<run>/` send a snapshot and then every change."""
TAGS = {
    "conversations": "Questions and answers, in the order they were asked.",
    "photos": "Photos that questions are about: on the server, or on a device alone.",
    "library": "Your photos by day: search, favourites, albums, deleting with a minute to undo it.",
    "questions": "Ask, follow the answer, stop it, ask again.",
    "batches": "One question over many photos: follow, pause, resume and stop it, and download its answers.",
    "nodes": "Devices and edge servers: their state, sensors, links and cameras; administrators admit and revoke them.",
    "training": "Federated training runs, their rounds and their files.",
    "models": "Which models answer, what the large ones need, and the work on them; administrators start and stop it.",
    "watches": "Standing questions about cameras, and the events that they raised.",
    "planner": "Calls to the planning model and what they cost. For administrators.",
    "calls": "Every call of a model: filters, sums, percentiles and downloads.",
    "allowances": "How much people and their keys may use, and have used.",
    "audit": "Who did what, when and from where. For administrators.",
    "agents": "What the program on a node calls, with the token it received when it joined.",
}

api = NinjaAPI(
    title="Isthmus",
    version="1",
    description=DESCRIPTION,
    auth=[PersonalToken(), session],
    parser=StorableParser(),
    throttle=[AuthRateThrottle(REQUESTS)],
    openapi_url="/openapi.json",
    docs_url=None,  # served at /api/docs, behind the login of the pages
    docs_decorator=schema_for_people,
    openapi_extra={"tags": [{"name": name, "description": text} for name, text in TAGS.items()]},
)
errors.register(api)

api.add_router("", "webapp.chat.api.router")
api.add_router("", "webapp.chat.library.api.router")
api.add_router("", "webapp.chat.sharing.api.router")
api.add_router("", "webapp.chat.ratings.api.router")
api.add_router("", "webapp.chat.photos_api.router")
api.add_router("/library", "webapp.library.api.router")
api.add_router("/library", "webapp.library.albums_api.router")
api.add_router("/library", "webapp.library.search_api.router")
api.add_router("/batches", "inference.batches.api.router")
api.add_router("/nodes", "devices.api.router")
api.add_router("/nodes", "devices.nodes_api.router")
api.add_router("/nodes", "devices.camera_access.api.router")
api.add_router("/nodes", "devices.fleet.api.router")
api.add_router("/nodes", "inference.photos.on_device.api.router")
api.add_router("/fleet", "devices.fleet.api.fleet")
api.add_router("/devices", "webapp.chat.decisions.router")
api.add_router("/devices", "webapp.chat.device_photos.router")
api.add_router("/federation", "federation.api.router")
api.add_router("/models", "inference.model_jobs.api.router")
api.add_router("/bundles", "inference.bundles.api.router")
api.add_router("/watches", "inference.watches.http.watches.router")
api.add_router("/watches", "inference.watches.http.events.router")
api.add_router("/nodes", "inference.watches.http.agents.router")
api.add_router("/planner", "webapp.ops.planner_api.router")
api.add_router("/calls", "webapp.ops.calls.api.router")
api.add_router("/allowances", "webapp.ops.calls.allowances_api.router")
api.add_router("/audit", "webapp.accounts.api.router")
