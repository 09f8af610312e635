"""The words of the command line: `python -m devices.agent COMMAND --home HOME …`."""

import argparse
from pathlib import Path

CHECKS = ("doctor", "health", "selfcheck")  # commands that only look


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devices.agent", description="The Isthmus agent of one node.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in (
        ("run", "work for the server"),
        ("join", "join a server and wait for approval"),
        ("health", "say whether the running agent works, quickly"),
        ("doctor", "find faults"),
        ("selfcheck", "say whether this agent could run here, before it is tried"),
    ):
        command = commands.add_parser(name, help=what)
        place = command.add_mutually_exclusive_group(required=True)
        place.add_argument("--home", type=Path, help="folder of this node's identity, credentials and photos")
        place.add_argument(
            "--homes", type=Path, help="folder of several homes, for replicas that share it; each takes a free one"
        )
        if name not in CHECKS:
            command.add_argument("--server", default="", help="address of the web app")
            command.add_argument("--code", default="", help="one-use code from the devices page")
        if name == "run":
            command.add_argument(
                "--camera", action="append", default=[], metavar="NAME=SOURCE", help="as a line of cameras.toml in the home"
            )
    arguments = parser.parse_args(words)
    if arguments.command not in CHECKS and bool(arguments.code) != bool(arguments.server):
        parser.error("--server and --code belong together.")
    if arguments.command == "run" and arguments.homes and arguments.code:
        parser.error("run --homes takes nodes that have joined; use join --homes first.")
    if arguments.command == "join" and not arguments.code:
        parser.error("join needs --server and --code.")
    return arguments
