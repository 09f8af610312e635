"""Run the processes that `up` prepared: `python -m webapp.ops.supervise PROCESSES.json`.

A process without Django, so that its memory is not copied into every child. honcho starts the children, prefixes their
output and stops them together.
"""

import json
import os
import shlex
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from honcho.manager import Manager
from honcho.printer import Printer

READY_TIMEOUT_S = 180


def main(plan_file: Path) -> int:
    plan = json.loads(plan_file.read_text())
    # Lines that programs read say themselves when and where they were written.
    is_json = os.environ.get("ISTHMUS_LOG_FORMAT") == "json"
    manager = Manager(Printer(sys.stdout, prefix=not is_json))
    for name, command in plan["processes"].items():
        restart = [sys.executable, "-S", "-m", "webapp.ops.restart", "--parent", str(os.getpid())]
        if stalled_s := plan["stalled"].get(name):
            restart += ["--stalled", str(stalled_s)]
        restart += ["--", *command]
        inherited = {key: value for key, value in os.environ.items() if key not in plan["without"].get(name, ())}
        manager.add_process(name, "exec " + shlex.join(restart), env={**inherited, **plan["env"], "PYTHONUNBUFFERED": "1"})
    threading.Thread(target=_announce, args=(plan,), daemon=True).start()
    manager.loop()
    # Ctrl-C is the normal way to stop, not a failure.
    return 0 if manager.returncode in (0, 130, 143) else 1


def _announce(plan: dict[str, str]) -> None:
    """Print when everything is ready, and how long it took."""
    started = time.monotonic()
    while time.monotonic() - started < READY_TIMEOUT_S:
        try:
            with urllib.request.urlopen(f"{plan['local_url']}/healthz/fleet", timeout=5) as answer:
                if answer.status == 200:
                    print(f"\n  Isthmus is ready after {time.monotonic() - started:.0f} s: {plan['url']}", flush=True)
                    print(f"  {plan['greeting']}\n", flush=True)
                    return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            pass
        time.sleep(0.5)
    print("\n  Still not ready. Run `python manage.py doctor` to see what is missing.\n", flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
