"""The page of accuracy against bytes: empty, drawn, outdated."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from inference.engine import catalogue
from inference.engine.model_files import tower_digest
from webapp import rate_accuracy_page


def row(way: str, size: int, accuracy: float, **fields: Any) -> dict[str, Any]:
    return {"way": way, **fields, "bytes": size, "accuracy": accuracy, "accuracy_ci": [accuracy - 0.02, accuracy + 0.02],
            "difference": accuracy - 0.7, "difference_ci": [accuracy - 0.72, accuracy - 0.68]}  # fmt: skip


def figures(quick: bool = False) -> dict[str, Any]:
    ours, photo = (
        row("code", 270, 0.69, split_at=2, level=3),
        row("avif", 1400, 0.69, quality=30, tails="plain", psnr=29.2, ssim=0.86),
    )
    refined = row("refine", 180, 0.69, split_at=2, level=1, refine_to=3, sure_above=0.8, refined_share=0.4)
    folder = catalogue.WEIGHTS / "compact"
    task = {
        "metric": "first of 1000 names",
        "photos": 600,
        "items": 600,
        "full": row("full", 76800, 0.7),
        "upload": row("upload", 7500, 0.7),
        "code": [ours],
        "refine": [refined],
        "jpeg": [],
        "webp": [],
        "avif": [photo],
        "chosen": {"at_1pt": ours, "photo_at_1pt": photo},
        "detail": {"code": [{**ours, "psnr": 18.0, "ssim": 0.4}]},
        "ratio_at_1pt": 5.19,
        "ratio_at_1pt_ci": [4.2, 6.8],
        "ratio_vs_upload_at_half_pt": None,
        "ratio_vs_upload_at_half_pt_ci": None,
    }
    return {
        "tasks": {"classify": task},
        "adapted": "Adapted: closed form",
        "device_share": 0.21,
        "encode_ms": 0.8,
        "decode_ms": 2.1,
        "quick": quick,
        "made_for": {
            "tower": tower_digest(folder),
            "code": catalogue.sha256(folder / "codec.safetensors"),
        },
    }


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "rate_accuracy.json"
    monkeypatch.setattr(rate_accuracy_page, "RESULTS", file)
    return file


@pytest.fixture
def page(owner: Any, client_of: Callable[[Any], Any]) -> Callable[[], str]:
    return lambda: client_of(owner).get("/curves/").content.decode()


def test_without_results_the_page_shows_the_command(results: Path, page: Callable[[], str]) -> None:
    assert "python -m bench.rate_accuracy" in page()


def test_truncated_results_count_as_missing(results: Path, page: Callable[[], str]) -> None:
    results.write_text(json.dumps(figures())[:200])
    assert "No measurements yet" in page()


def test_the_table_compares_the_feature_code_with_the_best_photo_codec(results: Path, page: Callable[[], str]) -> None:
    results.write_text(json.dumps(figures()))
    shown = page()
    assert "after block 2, level 3" in shown
    assert "AVIF, quality 30, plain" in shown
    assert "5.2× (4.2 to 6.8)" in shown
    assert "not measured" in shown


def test_a_ratio_of_zero_is_stated_in_words() -> None:
    assert rate_accuracy_page.times({"r": 0.0, "r_ci": [0.0, 14.7]}, "r") == "no level comes within the margin"
    assert rate_accuracy_page.times({"r": 8.0, "r_ci": [5.0, 9.0]}, "r") == "8.0× (5.0 to 9.0)"


def test_every_measured_point_is_in_the_table_below(results: Path, page: Callable[[], str]) -> None:
    results.write_text(json.dumps(figures()))
    shown = page()
    assert "after block 2, level 1, then 3 for 40 %" in shown
    assert "-1.0 (-3.0 to +1.0)" in shown


def test_changed_weights_are_reported(results: Path, page: Callable[[], str]) -> None:
    results.write_text(json.dumps(figures()))
    assert "measured with different weights" not in page()
    results.write_text(json.dumps(figures() | {"made_for": {"tower": "0", "code": "0"}}))
    assert "measured with different weights" in page()


def test_a_quick_run_is_reported(results: Path, page: Callable[[], str]) -> None:
    results.write_text(json.dumps(figures(quick=True)))
    assert "quick run on a sample" in page()


def test_the_menu_and_the_models_page_link_here(owner: Any, client_of: Callable[[Any], Any]) -> None:
    assert client_of(owner).get("/models/").content.decode().count('href="/curves/"') == 2


def test_the_page_reads_the_file_that_the_bench_writes() -> None:
    from bench.rate_accuracy.measurement import RESULTS

    assert settings.BASE_DIR / RESULTS == rate_accuracy_page.RESULTS


def test_the_documentation_shows_the_saved_results() -> None:
    from bench.rate_accuracy import tables
    from bench.rate_accuracy.measurement import RESULTS

    shown = tables.markdown(json.loads((settings.BASE_DIR / RESULTS).read_text()))
    assert f"<!-- rate_accuracy -->\n\n{shown}\n\n<!-- /rate_accuracy -->" in (settings.BASE_DIR / "README.md").read_text()
