"""What a person and a token may use: refused the same everywhere, counted exactly, told of before it is used up."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from devices import dispatch
from inference.answering import cloud_queue, planner_usage, turns
from inference.batches import creation
from inference.batches.models import Batch
from inference.calls import allowances, recording
from inference.models import Allowance, DayUse, ModelCall, Photo, Turn
from inference.photos import store
from inference.planning.llm.llm_calls import Call as PlannerRequest
from webapp.accounts.models import ApiToken, AuditEntry, User
from webapp.chat import conversations
from webapp.doors.asking import Inquiry
from webapp.doors.asking import ask as ask_by_door
from webapp.live.errors import UserError
from webapp.notices.models import Notice

pytestmark = pytest.mark.django_db
QUESTION = {"question": "What is this?"}
USED_UP = {
    "code": "allowance_used",
    "message": "Your allowance of questions does not suffice: 2 of 2 are used today.",
    "next": "Ask again after midnight UTC, or ask an administrator for more.",
}
Header = Callable[..., dict[str, str]]


def allow(person: Any, token: ApiToken | None = None, **most: float) -> None:
    allowances.change(person, token, most)


def ask(client: Any, header: dict[str, str] | None = None) -> Any:
    return client.post("/api/v1/turns", QUESTION, content_type="application/json", headers=header or {})


def test_beyond_the_allowance_a_question_is_refused_and_nothing_stored(owner: Any, client_of: Any) -> None:
    allow(owner, questions=2)
    client = client_of(owner)
    assert [ask(client).status_code for _ in range(3)] == [202, 202, 429]
    assert ask(client).json()["error"] == USED_UP
    assert Turn.objects.count() == 2 and DayUse.objects.get().questions == 2


def test_every_door_refuses_in_the_same_words(
    owner: Any, client_of: Any, photo_file: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ALLOWANCES = {**settings.ALLOWANCES, "questions": 2}
    for person in (owner, User.objects.shell()):
        for _ in range(2):
            conversations.ask(person, "What is this?")
    asked = Turn.objects.filter(owner=owner).first()
    assert asked is not None
    turns.stop(asked)
    refusals = [
        lambda: conversations.ask(owner, "What is this?"),
        lambda: turns.retry(asked),
        lambda: ask_by_door(owner, Inquiry("What is this?")),
    ]
    for refused in refusals:
        with pytest.raises(UserError) as error:
            refused()
        assert error.value.body() == USED_UP and error.value.status == 429
    assert client_of(owner).post(f"/api/v1/turns/{asked.pk}/retry").json()["error"] == USED_UP
    monkeypatch.setattr(cloud_queue, "is_alive", lambda: True)
    errors = StringIO()
    with pytest.raises(SystemExit):
        call_command("ask", str(photo_file), "What is this?", stderr=errors)
    assert f"{USED_UP['message']} {USED_UP['next']}" in errors.getvalue()
    assert not Photo.objects.exists()


def test_a_batch_counts_its_photos_and_is_refused_as_a_whole(owner: Any) -> None:
    from tests.conftest import draw_photo

    photos = [store.store(owner, [draw_photo(number)]).pk for number in range(3)]
    allow(owner, questions=2)
    with pytest.raises(UserError, match="Your allowance of questions"):
        creation.create(owner, "Is there a dog?", photos, policy="fastest")
    assert not Batch.objects.exists()
    creation.create(owner, "Is there a dog?", photos[:2], policy="fastest")
    assert DayUse.objects.get().questions == 2


def test_a_key_has_less_than_its_owner(owner: Any, client_of: Any, client: Any, with_token: Header) -> None:
    header = with_token(owner)
    allow(owner, ApiToken.objects.get(), questions=1)
    assert [ask(client, header).status_code for _ in range(2)] == [202, 429]
    message = ask(client, header).json()["error"]["message"]
    assert message == "The allowance of the token “nightly” does not suffice: 1 of 1 questions are used today."
    assert ask(client_of(owner)).status_code == 202, "the page is not bound by it"
    assert Turn.objects.filter(token__name="nightly").count() == 1
    allow(owner, questions=2)
    assert ask(client, with_token(owner, "another")).status_code == 429, "what a person may is for all their tokens together"


def test_editing_and_asking_again_count_for_the_key(owner: Any, client: Any, with_token: Header) -> None:
    header = with_token(owner)
    turn = ask(client, header).json()["id"]
    turns.stop(Turn.objects.get(pk=turn))
    allow(owner, ApiToken.objects.get(), questions=1)
    for path in (f"/api/v1/turns/{turn}/retry", f"/api/v1/turns/{turn}/edit"):
        answer = client.post(path, QUESTION, content_type="application/json", headers=header)
        assert answer.status_code == 429 and answer.json()["error"]["code"] == "allowance_used"


def test_bytes_over_the_links_are_bounded_too(owner: Any, client_of: Any) -> None:
    allow(owner, link_mb=1)
    allowances.add(owner.pk, None, link_bytes=999_999)
    assert ask(client_of(owner)).status_code == 202
    allowances.add(owner.pk, None, link_bytes=1)
    assert ask(client_of(owner)).json()["error"]["message"] == "Your allowance over the links is used up: 1.0 of 1 MB today."


def test_yesterday_is_forgiven_and_deleting_gives_nothing_back(owner: Any, client_of: Any) -> None:
    allow(owner, questions=1)
    client = client_of(owner)
    conversation = ask(client).json()["conversation"]
    assert client.delete(f"/api/v1/conversations/{conversation}").status_code == 204
    ModelCall.objects.all().delete()
    assert ask(client).status_code == 429
    DayUse.objects.update(day=timezone.localdate() - timedelta(days=1))
    assert ask(client).status_code == 202


def test_without_an_allowance_of_the_planner_questions_are_planned_offline(owner: Any, colleague: Any) -> None:
    allow(owner, planner_tokens=100)
    log, request = planner_usage.usage_log(), PlannerRequest("small-1", "plan", "ok", 90, 10, 5.0, 0.0)
    with dispatch.on_behalf_of(owner.pk):
        assert log.has_allowance()
        log.record(request)
        assert not log.has_allowance()
        conversations.ask(owner, "What is this?")
    with dispatch.on_behalf_of(colleague.pk):
        assert log.has_allowance()


def test_a_key_has_its_own_allowance_of_the_planner(owner: Any) -> None:
    token, _ = ApiToken.issue(owner, "nightly")
    allow(owner, token, planner_cost=1)
    log = planner_usage.usage_log()
    with dispatch.on_behalf_of(owner.pk), recording.asked_with(token.pk):
        log.record(PlannerRequest("small-1", "plan", "ok", 1, 1, 5.0, 1.0))
        assert not log.has_allowance()
    with dispatch.on_behalf_of(owner.pk):
        assert log.has_allowance()


def test_person_and_admins_are_told_once_at_eighty_percent(owner: Any) -> None:
    allow(owner, questions=5)
    for asked in range(1, 6):
        conversations.ask(owner, "What is this?")
        assert sorted(Notice.objects.values_list("kind", flat=True)) == (
            ["allowance.low", "allowance.of_others_low"] if asked >= 4 else []
        )
    notice = Notice.objects.get(kind="allowance.low")
    values = {"measure": "Questions a day", "holder": "owner", "used": "4", "limit": "5"}
    assert notice.person == owner and notice.values == values


def test_a_token_warns_by_its_name_at_eighty_percent_of_its_own_allowance(owner: Any) -> None:
    token, _ = ApiToken.issue(owner, "nightly")
    allow(owner, questions=100)
    allow(owner, token, questions=5)
    owner.token = token
    for asked in range(1, 6):
        conversations.ask(owner, "What is this?")
        assert sorted(Notice.objects.values_list("kind", flat=True)) == (
            ["allowance.low", "allowance.of_others_low"] if asked >= 4 else []
        )
    notice = Notice.objects.get(kind="allowance.low")
    values = {"measure": "Questions a day", "holder": "owner/nightly", "used": "4", "limit": "5"}
    assert (notice.person, notice.subject, notice.values) == (owner, "owner/nightly", values)


def test_an_owners_default_holds_for_who_has_none_and_zero_is_no_limit(owner: Any, settings: Any, client_of: Any) -> None:
    settings.ALLOWANCES = {**settings.ALLOWANCES, "questions": 1}
    client = client_of(owner)
    assert [ask(client).status_code for _ in range(2)] == [202, 429]
    allow(owner, questions=0)
    assert ask(client).status_code == 202


def test_an_admin_changes_allowances_on_a_page(owner: Any, colleague: Any, client_of: Any) -> None:
    token, _ = ApiToken.issue(colleague, "nightly")
    client, path = client_of(owner), f"/allowances/{colleague.pk}/"
    assert client.post(path, {"questions": "100", "link_mb": "2.5"}).status_code == 302
    assert client.post(path, {"token": token.pk, f"token-{token.pk}-questions": "7"}).status_code == 302
    kept = set(Allowance.objects.values_list("token__name", "measure", "most"))
    assert kept == {(None, "questions", 100.0), (None, "link_mb", 2.5), ("nightly", "questions", 7.0)}
    assert [row.detail for row in AuditEntry.objects.filter(action="allowances changed").order_by("pk")] == [
        "questions 100, link_mb 2.5", "questions 7",
    ]  # fmt: skip
    account = client_of(colleague).get("/account/").content.decode()
    assert "0 of 100" in account and "Questions a day, token “nightly”" in account
    wrong = client.post(path, {"questions": "-1"})
    assert wrong.status_code == 400 and wrong.context["form"].errors
    assert client.post(path, {"token": "99999"}).status_code == 404
    assert client.post(path, {"questions": ""}).status_code == 302
    assert not Allowance.objects.filter(token=None).exists()


def test_only_admins_see_and_change_those_of_others(owner: Any, colleague: Any, client_of: Any) -> None:
    client = client_of(colleague)
    assert client.get("/allowances/").status_code == client.get(f"/allowances/{owner.pk}/").status_code == 403
    assert client.get("/api/v1/allowances?person=owner").status_code == 403
    change = {"limits": {"questions": 0}}
    assert client.put("/api/v1/allowances/colleague", change, content_type="application/json").status_code == 403
    assert client.get("/api/v1/allowances").json()["person"] == "colleague"


def test_over_http_an_admin_reads_and_changes(owner: Any, colleague: Any, client_of: Any) -> None:
    ApiToken.issue(colleague, "nightly")
    client = client_of(owner)

    def put(**body: Any) -> Any:
        return client.put("/api/v1/allowances/colleague", body, content_type="application/json")

    assert put(limits={"questions": 9}).status_code == 200
    answer = put(token="nightly", limits={"link_mb": 3})
    assert answer.json()["measures"][0] == {"measure": "questions", "period": "day", "used": 0.0, "limit": 9.0}
    assert answer.json()["tokens"][0]["measures"][1]["limit"] == 3.0
    assert put(limits={"bananas": 9}).json()["error"]["code"] == "unknown_measure"
    assert put(limits={"questions": -9}).json()["error"]["code"] == "bad_amount"
    assert put(token="none", limits={}).status_code == 404
    ApiToken.issue(colleague, "nightly")
    assert put(token="nightly", limits={}).json()["error"]["code"] == "several_tokens"


def test_from_the_shell(owner: Any) -> None:
    out = StringIO()
    call_command("allowances", "set", "owner", "--questions", "12", "--planner-cost", "2.5", stdout=out)
    call_command("allowances", "list", stdout=out)
    assert "questions 0 of 12" in out.getvalue() and "planner_cost 0.00 of 2.5" in out.getvalue()
    call_command("allowances", "set", "owner", "--questions", "default", stdout=out)
    assert not Allowance.objects.filter(measure="questions").exists()
    for wrong in (
        ["nobody", *(one := ["--questions", "1"])],
        ["owner"],
        ["owner", "--questions", "many"],
        ["owner", "--token", "x", *one],
    ):
        with pytest.raises(CommandError):
            call_command("allowances", "set", *wrong)
