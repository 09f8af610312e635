"""Through every door to real nodes and models, as the examples in docs/clients.md do it."""

import base64
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from hatchling.builders.wheel import WheelBuilder
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from bench.harness.stack import Stack
from tests.conftest import draw_photo
from tests.doors.conftest import asking, data_url, drawn_as, said

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "clients.md"
# Without the program that speaks MCP: its answers depend on what was asked before, and its calls are those of test_tools.py.
EXAMPLES = [code for code in re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.S) if "from mcp" not in code]
PRINTED = [
    r".+\n.*bytes: ",
    r".+\n\w+ on .*bytes, \d+ ms\n.+",
    r"absent\.jpg .* failed: absent\.jpg cannot be read",
    r"jetson-a",
]  # by each example
CODE = (
    "from webapp.accounts.models import ApiToken, User; print(ApiToken.issue(User.objects.get(username='owner'), 'program')[1])"
)


@pytest.fixture(scope="module")
def secret(stack: Stack) -> str:
    return stack.shell(CODE)


@pytest.fixture(scope="module")
def client(stack: Stack, secret: str) -> Any:
    with openai.OpenAI(base_url=f"{stack.url}/v1", api_key=secret, max_retries=0, timeout=120) as ours:
        yield ours


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wheel of the client can be imported from, as it is."""
    folder = tmp_path_factory.mktemp("client")
    project = ROOT / "webapp" / "doors" / "client"
    return Path(next(iter(WheelBuilder(str(project)).build(directory=str(folder), versions=["standard"]))))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_completion_has_the_receipt_of_a_real_step(client: openai.OpenAI, kind: str) -> None:
    answer = client.chat.completions.create(
        model="isthmus-private", messages=[asking("What is in this photo?", data_url(drawn_as(kind, 11)))]
    )
    (receipt,) = answer.isthmus["receipts"]
    assert answer.choices[0].message.content and receipt["policy"] == "private" and not receipt["photo_left_device"]


def test_a_stream_brings_the_answer_and_a_follow_up_continues(client: openai.OpenAI, stack: Stack) -> None:
    first = asking("What is in this photo?", data_url(draw_photo(12)))
    chunks = list(client.chat.completions.create(model="isthmus", messages=[first], stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    extra = chunks[-1].isthmus
    assert text and extra["receipts"] and stack.turn(extra["turn"])["answer"] == text
    more = client.chat.completions.create(model="isthmus", messages=[first, said(text), asking("What colour is it?")])
    assert more.isthmus["conversation"] == extra["conversation"] and more.isthmus["photo"] == extra["photo"]


def test_several_photos_are_looked_at_together(client: openai.OpenAI) -> None:
    photos = [data_url(draw_photo(number)) for number in (13, 14)]
    answer = client.chat.completions.create(model="isthmus", messages=[asking("What is in the first photo?", *photos)])
    receipts = answer.isthmus["receipts"]
    assert receipts and receipts[0]["photo"] != answer.isthmus["photo"]["id"] and receipts[0]["before"] == 1


async def test_the_tool_asks_real_models(stack: Stack, secret: str) -> None:
    http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {secret}"}, timeout=httpx2.Timeout(120))
    async with http, Client(streamable_http_client(f"{stack.url}/mcp", http_client=http)) as tools:
        arguments = {"question": "What is in this photo?", "photo_base64": base64.b64encode(draw_photo(15)).decode()}
        result = (await tools.call_tool("ask", arguments)).structured_content
        devices = (await tools.call_tool("list_devices")).structured_content["devices"]
    (receipt,) = result["receipts"]
    assert result["answer"] and receipt["uplink_bytes"] >= 0 and receipt["total_ms"] > 0 and receipt["reason"].endswith(".")
    assert {device["name"] for device in devices} == {"edge-1", "jetson-a", "jetson-b"}


def test_there_are_examples_for_openai_and_three_for_the_package() -> None:
    assert [("OpenAI" in example, "isthmus_client" in example) for example in EXAMPLES] == [
        (True, False),
        (False, True),
        (False, True),
        (False, True),
    ]


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_runs_as_it_stands(stack: Stack, secret: str, packages: Path, tmp_path: Path, number: int) -> None:
    for seed, name in enumerate(("dog.jpg", "cat.jpg"), 16):
        (tmp_path / name).write_bytes(draw_photo(seed))
    env = {**os.environ, "ISTHMUS_URL": stack.url, "ISTHMUS_TOKEN": secret, "PYTHONPATH": str(packages)}
    done = subprocess.run(
        [sys.executable, "-c", EXAMPLES[number]], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    assert re.search(PRINTED[number], done.stdout), done.stdout
