"""A run as a stand-alone Flower app: the app's sources, the run's specification and how to start it, in one zip.

The app is the one that runs here; nothing in the zip is written by a language model. The specification travels as Flower's run
configuration, so `flwr run` starts it and `--run-config` changes it.
"""

import ast
import io
import json
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from federation.runs import wording
from federation.runs.spec import RunSpec

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "isthmus-run"
ENTRIES = ("federation.app.server_app", "federation.app.client_app")
OURS = ("federation", "devices")
STAMP = (2026, 1, 1, 0, 0, 0)  # equal runs give equal zips
# The packages that the sources import, by the name under which they are installed.
PACKAGES = {
    "annotated_types": "annotated-types",
    "cryptography": "cryptography",
    "dp_accounting": "dp-accounting",
    "flwr": "flwr",
    "flwr_datasets": "flwr-datasets",
    "numpy": "numpy",
    "PIL": "pillow",
    "pydantic": "pydantic",
    "safetensors": "safetensors",
    "sklearn": "scikit-learn",
    "torch": "torch",
}


def zip_bytes(spec: RunSpec, root: Path = ROOT) -> bytes:
    """The app below `root`, configured with `spec`. Raises FileNotFoundError where the app's sources are missing."""
    modules = dict(sorted(_reached(root).items()))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {"pyproject.toml": _project(spec, modules), "README.md": _readme(spec), **modules}.items():
            entry = zipfile.ZipInfo(f"{FOLDER}/{name}", STAMP)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, text)
    return buffer.getvalue()


def _reached(root: Path) -> dict[str, str]:
    """The modules of ours that the two halves of the app import: path and text."""
    texts: dict[str, str] = {}
    waiting = list(ENTRIES)
    while waiting:
        module = waiting.pop()
        file = _file(root, module)
        if file is None or (name := file.relative_to(root).as_posix()) in texts:
            continue
        texts[name] = file.read_text()
        waiting += [*_imports(texts[name]), *([module.rpartition(".")[0]] if "." in module else [])]
    if missing := [entry for entry in ENTRIES if f"{entry.replace('.', '/')}.py" not in texts]:
        raise FileNotFoundError(f"{missing[0]} is missing, so there is no app to export.")
    return texts


def _file(root: Path, module: str) -> Path | None:
    """None for an installed package."""
    if module.split(".")[0] not in OURS:
        return None
    path = root / Path(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def _imports(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def _project(spec: RunSpec, modules: dict[str, str]) -> str:
    """Values are written by json, whose strings, numbers and booleans are valid TOML."""
    used = {name.split(".")[0] for text in modules.values() for name in _imports(text)}
    needs = sorted(f"{PACKAGES[name]}=={version(PACKAGES[name]).partition('+')[0]}" for name in used & set(PACKAGES))
    lines = [
        "[build-system]", 'requires = ["hatchling"]', 'build-backend = "hatchling.build"', "",
        "[project]", 'name = "isthmus-run"', 'version = "1.0.0"', 'description = "A federated training run of Isthmus"',
        'requires-python = ">=3.11"', f"dependencies = {json.dumps(needs, indent=2)}", "",
        "[tool.hatch.build.targets.wheel]", f"packages = {json.dumps(sorted({name.split('/')[0] for name in modules}))}", "",
        "[tool.flwr.app]", 'publisher = "isthmus"', "",
        "[tool.flwr.app.components]", f'serverapp = "{ENTRIES[0]}:app"', f'clientapp = "{ENTRIES[1]}:app"', "",
        "[tool.flwr.app.config]", f"spec = {json.dumps(json.dumps(spec.model_dump()))}", "",
    ]  # fmt: skip
    return "\n".join(lines)


def _readme(spec: RunSpec) -> str:
    settings = "\n".join(f"* {title}: {value}" for title, value in wording.listing(spec.model_dump()))
    nodes = "\n".join(
        f"flower-supernode --insecure --superlink 127.0.0.1:9092 --port {9101 + n} &" for n in range(min(spec.clients, 3))
    )
    more = f"\n# … and so on, one for each of the {spec.clients} clients" if spec.clients > 3 else ""
    return f"""# A federated training run

This is the Flower app of a run made with Isthmus, configured with that run's specification:

{settings}

## Start it

```
python -m venv venv && . venv/bin/activate && pip install -e .
export FLWR_TELEMETRY_ENABLED=0 ISTHMUS_DATA=/where/the/data/sets/are
flower-superlink --insecure --disable-runtime-dependency-installation --port 9092 &
{nodes}{more}
flwr run . local-superlink --stream
```

`local-superlink` is defined in `~/.flwr/config.toml`:

```
[superlink.local-superlink]
address = "127.0.0.1:9092"
insecure = true
```

Flower starts a new process for each message, which takes half a minute on a small machine: raise `round_deadline_s` in
`pyproject.toml` if rounds end without replies. A process that needs more than 30 seconds to start loses its task.
`--insecure` is for one machine; over a network give the SuperLink a certificate (`flower-superlink --help`).
"""
