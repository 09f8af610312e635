"""`manage.py plan` prints how a request is understood."""

import json
from io import StringIO

import pytest
from django.core.management import call_command


def test_it_prints_steps_reasons_and_one_json_object() -> None:
    out = StringIO()
    call_command("plan", "What is the man holding and what colour is it?", "--json", stdout=out)
    *lines, last = out.getvalue().splitlines()
    assert lines[:2] == ["1. vqa      what is the man holding?", "2. vqa      what colour is the {1}?   after 1"]
    assert json.loads(last)["planner"] == "offline"


def test_a_training_request_shows_the_run_and_its_words() -> None:
    out = StringIO()
    call_command("plan", "train on ten boards for 20 rounds", "--no-photo", "--json", stdout=out)
    report = json.loads(out.getvalue().splitlines()[-1])
    assert report["run"] == {"clients": 10, "rounds": 20}
    assert report["run_why"] == {"clients": "ten boards", "rounds": "20 rounds"}


def test_nothing_to_do_is_status_1_with_the_reason() -> None:
    err = StringIO()
    with pytest.raises(SystemExit, match="1"):
        call_command("plan", "tell me a joke", stdout=StringIO(), stderr=err)
    assert "I can only name what a photo shows" in err.getvalue()
