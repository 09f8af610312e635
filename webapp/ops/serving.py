"""How uvicorn serves the web app: for `make run`, the benches, and (a test holds it to this) the image."""

ARGUMENTS = (
    *("--no-access-log", "--log-level", "warning", "--lifespan", "off", "--ws-max-size", "65536"),
    *("--ws-per-message-deflate", "false"),  # frames are small, and each would be compressed anew for every page
    *("--timeout-graceful-shutdown", "2"),
)


def command(python: str, host: str, port: int) -> list[str]:
    return [python, "-m", "uvicorn", "webapp.asgi:application", "--host", host, "--port", str(port), *ARGUMENTS]
