"""A strategy is one value: with nothing else changed the form offers it, the specification accepts it, and a run trains with
it.
"""

import importlib.util
import sys
from types import ModuleType

import numpy as np
import pytest
import torch
from flwr.app import Array
from flwr.serverapp.strategy import FedAvg

from federation import form_fields
from federation.app import server_app
from federation.app.client_app import app as client_app
from federation.app.reports import RoundReport
from federation.app.strategies import registry
from federation.app.strategies.base import Parameter, Strategy, Values
from federation.app.threads import ThreadGrid
from federation.runs import spec, wording


class HalfStep(FedAvg):
    """Records what it was built with."""

    built: list[float] = []

    def __init__(self, pace: float) -> None:
        super().__init__()
        self.built.append(pace)


def build(values: Values) -> FedAvg:
    return HalfStep(values["pace"])


PACE = Parameter("pace", "Pace", 0.5, 0.1, 1.0, help="how far to go")
DUMMY = Strategy("half-step", "Half step", "goes half of the way", build, parameters=(PACE,), compares_updates=True)


@pytest.fixture
def spec_with_dummy(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module of the specification as it is when the process starts with the dummy in the list."""
    monkeypatch.setattr(registry, "STRATEGIES", (*registry.STRATEGIES, DUMMY))
    assert spec.__file__ is not None
    name = "federation.runs.spec_with_dummy"
    source = importlib.util.spec_from_file_location(name, spec.__file__)
    assert source is not None and source.loader is not None
    module = importlib.util.module_from_spec(source)
    monkeypatch.setitem(sys.modules, name, module)
    source.loader.exec_module(module)
    monkeypatch.setattr(form_fields, "spec", module)
    return module


def test_the_form_offers_it_and_its_parameter(spec_with_dummy: ModuleType) -> None:
    groups = form_fields.groups(spec_with_dummy.RunSpec().model_dump(), {})
    fields = {field["name"]: field for group in groups for field in group["fields"]}
    choice = fields["strategy"]["choices"][-1]
    assert (choice["value"], choice["label"], choice["help"]) == ("half-step", "Half step", "goes half of the way")
    pace = fields["pace"]
    assert (pace["label"], pace["value"], pace["least"], pace["most"], pace["help"]) == ("Pace", 0.5, 0.1, 1.0, "how far to go")
    assert pace["only"] == {"field": "strategy", "values": ["half-step"]}


def test_the_specification_accepts_it_within_its_bounds(spec_with_dummy: ModuleType) -> None:
    accepted, problems = spec_with_dummy.read({"strategy": "half-step", "pace": 0.25})
    assert (accepted.pace, problems) == (0.25, {})
    assert spec_with_dummy.read({"pace": 2})[1] == {"pace": "Pace must be a number from 0.1 to 1."}
    assert "half-step" in spec_with_dummy.read({"strategy": "best"})[1]["strategy"]
    refused = spec_with_dummy.read({"strategy": "half-step", "secure_aggregation": True})[1]
    assert refused["strategy"].startswith("Half step compares single updates")


def test_pages_show_its_label(spec_with_dummy: ModuleType) -> None:
    assert "Half step" in wording.title(spec_with_dummy.RunSpec(strategy="half-step").model_dump())


def test_a_run_trains_with_it(spec_with_dummy: ModuleType) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    settings = spec_with_dummy.RunSpec(strategy="half-step", pace=0.25, clients=3, rounds=2, batch_size=64).settings()
    reports: list[RoundReport] = []
    grid = ThreadGrid(client_app, 3)
    try:
        result = server_app.start(grid, settings, reports.append)
    finally:
        grid.close()
        torch.set_num_threads(threads)
    assert HalfStep.built[-1] == 0.25
    assert [report.why_not_counted for report in reports] == ["", ""]
    assert [client.state for client in reports[-1].clients] == ["ok"] * 3
    arrays: list[Array] = list(result.arrays.values())
    assert all(np.isfinite(array.numpy()).all() for array in arrays)


def test_it_is_gone_again_afterwards() -> None:
    assert "half-step" not in spec.choices("strategy")
