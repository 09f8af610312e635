"""Plotly's script is served from the installed package."""

from pathlib import Path
from typing import Any

import plotly
from django.contrib.staticfiles import finders

from webapp.plotly_file import NAME, PlotlyFinder


def test_the_finder_names_the_packages_own_file() -> None:
    file = finders.find(NAME)
    assert Path(str(file)) == Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    assert Path(str(file)).is_file()


def test_no_other_file_of_the_package_is_served() -> None:
    for name in ("plotly/../datasets/gapminder.csv.gz", "plotly/plotly.js", "plotly/", "plotly.min.js"):
        assert PlotlyFinder().find(name) == ""
        assert PlotlyFinder().find(name, find_all=True) == []


def test_a_page_can_load_it(client: Any) -> None:
    answer = client.get(f"/static/{NAME}")
    assert answer.status_code == 200
    assert "javascript" in answer["Content-Type"]
    assert b"plotly.js v" in next(iter(answer.streaming_content))


def test_collectstatic_includes_it() -> None:
    ((path, storage),) = PlotlyFinder().list([])
    assert f"{storage.prefix}/{path}" == NAME
    assert storage.exists(path)
