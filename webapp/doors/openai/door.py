"""The addresses below /v1/: models, and chat completions."""

import json

from channels.db import database_sync_to_async

from inference.models import Turn
from webapp.doors import turn_news
from webapp.doors.asking import Inquiry
from webapp.doors.caller import Caller, identify
from webapp.doors.exchange import EventStream, Wording, body_of, exchange, send_json, while_connected
from webapp.doors.openai import names, request, response, side_requests
from webapp.doors.openai.response import NO_RETRY, Completion, failure
from webapp.doors.openai.side_requests import SideReply
from webapp.errors import method_not_allowed
from webapp.gate.bounds import COMPLETIONS
from webapp.gate.refusals import Receive, Scope, Send
from webapp.gate.shapes import openai
from webapp.live.errors import UserError

MODELS = "/v1/models"
WORDING = Wording(openai, {422: 400})
NO_ADDRESS = UserError("not_found", "There is no such address here.", f"Use {COMPLETIONS} or {MODELS}.", 404)


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    async with exchange(scope, send, WORDING) as answer:
        caller = await database_sync_to_async(identify)(scope)
        path, method = scope["path"].rstrip("/"), scope["method"]
        if path == COMPLETIONS:
            _only("POST", method)
            await _complete(caller, receive, answer)
        elif path == MODELS:
            _only("GET", method)
            await send_json(answer, 200, {"object": "list", "data": [names.described(name) for name in names.all_names()]})
        elif path.startswith(f"{MODELS}/"):
            _only("GET", method)
            await send_json(answer, 200, names.described(path.removeprefix(f"{MODELS}/")))
        else:
            raise NO_ADDRESS


def _only(allowed: str, method: str) -> None:
    if method != allowed:
        raise method_not_allowed(method, allowed)


async def _complete(caller: Caller, receive: Receive, send: Send) -> None:
    chat = await database_sync_to_async(request.read)(await body_of(receive))  # megabytes of base64, off the loop
    policy = names.policy_of(chat.model)
    if side := side_requests.reply(chat):
        await _at_once(Completion.unasked(chat), side, send)
        return
    inquiry = Inquiry(chat.question, chat.photos, earlier=chat.earlier, policy=policy.name)
    answer = _stream if chat.stream else _whole
    async with turn_news.asked(caller.person, inquiry) as turn:
        await while_connected(receive, answer(Completion.of(chat, turn), turn, send))


async def _at_once(completion: Completion, side: SideReply, send: Send) -> None:
    extra = {"side_request": side.kind}
    if not completion.chat.stream:
        await send_json(send, 200, completion.whole(side.text, extra))
        return
    events = EventStream(send)
    await events.open()
    for chunk in (completion.first(), *completion.rest(side.text, extra)):
        await events.data(json.dumps(chunk, ensure_ascii=False))
    await events.data("[DONE]")
    await events.close()


async def _whole(completion: Completion, turn: Turn, send: Send) -> None:
    turn = await turn_news.final(turn, _wait)
    if turn.state == "answered":
        extra = await database_sync_to_async(response.extra)(turn)
        await send_json(send, 200, completion.whole(turn.answer, extra))
    else:
        await WORDING.refuse(send, failure(turn), NO_RETRY)


async def _wait(turn: Turn) -> None:
    """A response that comes as a whole says nothing before."""


async def _stream(completion: Completion, turn: Turn, send: Send) -> None:
    events = EventStream(send)

    async def keep_alive(turn: Turn) -> None:
        await events.comment(turn.phase["name"] if turn.phase else turn.state)

    await events.open()
    await events.data(json.dumps(completion.first()))
    try:
        turn = await turn_news.final(turn, keep_alive)
        if turn.state != "answered":
            raise failure(turn)
        extra = await database_sync_to_async(response.extra)(turn)
        for chunk in completion.rest(turn.answer, extra):
            await events.data(json.dumps(chunk, ensure_ascii=False))
        await events.data("[DONE]")
    except UserError as error:
        await events.data(json.dumps(openai(error), ensure_ascii=False))
    await events.close()
