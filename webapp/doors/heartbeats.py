"""The heartbeats of nodes: nearly all are routine and take a short way (devices.beats), others that of every request."""

from devices.beats.gathering import Gathering
from devices.beats.routine import Sent
from webapp.doors.exchange import Gone, body_of, send_json
from webapp.gate.refusals import App, Message, Receive, Scope, Send

PATHS = frozenset({"/api/v1/nodes/me/heartbeat", "/api/nodes/me/heartbeat"})
BEARER = "bearer "
GATHERING = Gathering()


async def serve(scope: Scope, receive: Receive, send: Send, site: App) -> None:
    token = _token(scope)
    if scope["method"] != "POST" or not token:
        await site(scope, receive, send)
        return
    try:
        body = await body_of(receive)
    except Gone:
        return
    reply = await GATHERING.reply(Sent(token, body))
    if reply is None:
        await site(scope, _again(body, receive), send)
    else:
        await send_json(send, 200, reply)


def _token(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization":
            text = value.decode("latin-1")
            return text[len(BEARER) :].strip() if text.lower().startswith(BEARER) else ""
    return ""


def _again(body: bytes, receive: Receive) -> Receive:
    """What was read of the request, and then what follows."""
    read: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return read.pop() if read else await receive()

    return receive_again
