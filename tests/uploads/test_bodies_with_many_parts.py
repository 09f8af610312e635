"""Multipart bodies that are made to cost something: many parts, huge fields, endless headers."""

from typing import Any

import pytest
from django.test import Client

BOUNDARY = "b"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def part(name: str, content: bytes, file: bool = False, header: str = "") -> bytes:
    filename = f'; filename="{name}.jpg"' if file else ""
    return (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{filename}{header}\r\n\r\n'.encode() + content + b"\r\n"
    )


END = f"--{BOUNDARY}--\r\n".encode()
BODIES = {
    "many fields": (b"".join(part(f"f{n}", b"x") for n in range(600)), 413),
    "many files": (b"".join(part(f"f{n}", b"x", file=True) for n in range(20)), 413),
    "a huge field": (part("node", b"x" * 2_000_000), 413),
    "an endless header": (part("photo", b"x", file=True, header="; x=" + "y" * 100_000), 400),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("path", ["/api/v1/photos", "/account/"])
def test_it_is_refused_in_the_one_shape(owner: Any, name: str, path: str) -> None:
    client = Client(raise_request_exception=False, headers={"Accept": "application/json"})
    client.force_login(owner)
    body, status = BODIES[name]
    answer = client.post(path, body + END, content_type=TYPE)
    assert answer.status_code in ({status} if path.startswith("/api/") else {status, 405})
    error = answer.json()["error"]
    assert error["message"].endswith(".") and error["next"].endswith(".")
