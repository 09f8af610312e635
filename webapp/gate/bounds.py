"""How large and how slow a request body may be, by the address it is sent to."""

from dataclasses import dataclass

from django.conf import settings

from webapp.gate import shapes
from webapp.live.errors import UserError

AGENT_BYTES = 64 * 1024  # a profile with every split point is a tenth of it
PAGE_BYTES = 256 * 1024  # forms
ENVELOPE_BYTES = 64 * 1024  # what multipart adds to a photo
UPLOADS = frozenset({"/api/v1/photos", "/api/photos"})
COMPLETIONS, TOOLS, OPENAI = "/v1/chat/completions", "/mcp", "/v1/"  # photos come as base64 within JSON there: webapp.doors
AGENTS = tuple(f"{prefix}nodes/{name}" for prefix in ("/api/v1/", "/api/") for name in ("me", "join"))


@dataclass(frozen=True)
class Bounds:
    """`people_only`: anything longer than a page's form is accepted only from somebody who is logged in. `shape`: how refusals
    are spelt."""

    body_bytes: int
    body_s: float
    too_large: UserError
    people_only: bool = False
    shape: shapes.Shape = shapes.ours


def bounds_of(path: str) -> Bounds:
    """The bounds of a request to this path."""
    if path in UPLOADS:
        return _upload()
    shape = shapes.openai if path.startswith(OPENAI) else shapes.ours
    if path.rstrip("/") in (COMPLETIONS, TOOLS):
        most = -(-settings.PHOTO_MAX_BYTES * 4 // 3) + ENVELOPE_BYTES
        return Bounds(most, settings.GATE_UPLOAD_S, body_too_large(most), people_only=True, shape=shape)
    if path.startswith(AGENTS):
        return Bounds(AGENT_BYTES, settings.GATE_BODY_S, body_too_large(AGENT_BYTES))
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE if path.startswith("/api/") else PAGE_BYTES
    return Bounds(most, settings.GATE_BODY_S, body_too_large(most), shape=shape)


def body_too_large(most: int) -> UserError:
    return UserError("too_large", "The request body exceeds %(size)s KB.", "Send less at once.", 413, {"size": most // 1024})


def _upload() -> Bounds:
    most = settings.PHOTO_MAX_BYTES
    size = f"{most / 1024 / 1024:.0f} MB" if most >= 1024 * 1024 else f"{most} bytes"
    refusal = UserError(
        "photo_too_large", "The photo is larger than %(size)s.", "Save it smaller and try again.", 413, {"size": size}
    )
    return Bounds(most + ENVELOPE_BYTES, settings.GATE_UPLOAD_S, refusal, people_only=True)
