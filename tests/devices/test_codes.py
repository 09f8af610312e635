"""An enrolment code admits one board, once, within a quarter of an hour."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from devices.models import EnrolCode, Node
from devices.registry import codes, enrolment
from tests.devices.conftest import FINGERPRINT
from webapp.live.errors import UserError


def make(name: str = "jetson-a", **more: object) -> str:
    return enrolment.create_code(name=name, tier="device", **more)  # type: ignore[arg-type]


def refusal(code: str, address: str = "") -> dict[str, str]:
    with pytest.raises(UserError) as refused:
        enrolment.join(code, FINGERPRINT, {}, address)
    return dict(refused.value.body())


def wrong(code: str) -> str:
    """The same first letters with another last one."""
    return code[:-1] + ("A" if code[-1] != "A" else "B")


def test_a_code_has_eight_letters_that_are_not_easily_confused() -> None:
    code = make()
    assert len(code) == 8
    assert not set(code) & set("ILO01")


def test_only_a_hash_of_it_is_stored() -> None:
    code = make()
    row = EnrolCode.objects.get()
    assert code not in str(EnrolCode.objects.values().get())
    assert code[codes.SELECTOR_LETTERS :] not in row.verifier


def test_case_and_spaces_do_not_matter() -> None:
    code = make()
    node, _ = enrolment.join(f" {code[:4].lower()}-{code[4:].lower()} ", FINGERPRINT, {})
    assert node.slug == "jetson-a"


def test_unknown_used_expired_and_wrong_codes_get_the_same_answer() -> None:
    used, expired, valid = make("a"), make("b"), make("c")
    enrolment.join(used, FINGERPRINT, {})
    EnrolCode.objects.filter(name="b").update(expires=timezone.now() - timedelta(seconds=1))
    answers = [refusal(code) for code in ("ZZZZZZZZ", "", used, expired, wrong(valid))]
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["code"] == "bad_code"


def test_a_code_is_valid_until_its_last_second() -> None:
    code = make()
    EnrolCode.objects.update(expires=timezone.now() + timedelta(seconds=5))
    assert enrolment.join(code, FINGERPRINT, {})[0].slug == "jetson-a"


def test_a_wrong_guess_never_spends_somebody_elses_code() -> None:
    code = make()
    for number in range(50):
        refusal(wrong(code), f"10.0.1.{number}")
    assert enrolment.join(code, FINGERPRINT, {}, "10.0.0.7")[0].slug == "jetson-a"


def test_one_address_has_few_guesses_at_codes_with_the_same_first_letters() -> None:
    code = make()
    for _ in range(enrolment.CODE_GUESSES):
        assert refusal(wrong(code), "10.0.0.9")["code"] == "bad_code"
    assert refusal(wrong(code), "10.0.0.9")["code"] == "too_many_guesses"
    assert refusal("ZZZZZZZZ", "10.0.0.9")["code"] == "bad_code"


def test_the_addresses_of_one_ipv6_network_count_as_one() -> None:
    for number in range(enrolment.GUESSES):
        assert refusal("ZZZZZZZZ" if number % 2 else "YYYYYYYY", f"2001:db8::{number:x}")["code"] == "bad_code"
    assert refusal("XXXXXXXX", "2001:db8::ffff")["code"] == "too_many_guesses"
    assert refusal("XXXXXXXX", "2001:db8:0:1::1")["code"] == "bad_code"


def test_a_claimed_address_does_not_start_the_count_again(client: Client) -> None:
    body = {"code": "ZZZZZZZZ", "fingerprint": FINGERPRINT}
    statuses = [
        client.post(
            "/api/v1/nodes/join",
            {**body, "code": letter * 8},
            "application/json",
            headers={"X-Forwarded-For": f"10.9.9.{number}"},
        ).status_code
        for number, letter in enumerate("ZYXWVUTSRQPN")
    ]
    assert statuses == [403] * enrolment.GUESSES + [429] * 2


def test_an_address_with_too_many_guesses_is_refused_even_with_a_valid_code() -> None:
    for letter in "ZYXWVUTSRQ":
        refusal(letter * 8, "10.0.0.9")
    code = make()
    assert refusal(code, "10.0.0.9")["code"] == "too_many_guesses"
    assert enrolment.join(code, FINGERPRINT, {}, "10.0.0.7")[0].slug == "jetson-a"


@pytest.mark.django_db(transaction=True)
def test_of_two_boards_with_one_code_exactly_one_wins() -> None:
    code = make("")
    start = threading.Barrier(4)
    outcomes: list[str] = []

    def join(host: str) -> None:
        start.wait()
        try:
            outcomes.append(enrolment.join(code, FINGERPRINT, {"hostname": host})[0].slug)
        except UserError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=join, args=(f"host-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes)[:3] == ["bad_code"] * 3
    assert [node.slug for node in Node.objects.all()] == [sorted(outcomes)[3]]


def test_without_a_name_the_board_gets_its_host_name() -> None:
    first, _ = enrolment.join(make(""), FINGERPRINT, {"hostname": "Orin_Nano.local"})
    second, _ = enrolment.join(make(""), FINGERPRINT, {"hostname": "Orin_Nano.local"})
    assert (first.slug, second.slug) == ("orin-nano", "orin-nano-2")


@pytest.mark.parametrize("name", ["Jetson", "a b", "a:b", "a*", "-a", "ü", "x" * 41, "cloud", "celery"])
def test_a_name_that_could_touch_other_keys_is_refused(name: str) -> None:
    with pytest.raises(UserError) as refused:
        make(name)
    assert refused.value.code == "bad_name"


def test_the_name_of_an_active_node_is_taken(board: Callable[..., object]) -> None:
    board("jetson-a")
    with pytest.raises(UserError) as refused:
        make("jetson-a")
    assert refused.value.code == "name_taken"


def test_the_name_of_a_revoked_node_is_free_and_its_token_stays_invalid(board: Callable[..., object]) -> None:
    old = board("jetson-a")
    enrolment.revoke("jetson-a")
    new, token = enrolment.join(make("jetson-a"), FINGERPRINT, {})
    assert (new.revoked_at, new.approved, new.last_seen) == (None, False, None)
    assert enrolment.holder(token) == new
    assert enrolment.holder(old.token) is None  # type: ignore[attr-defined]


@pytest.mark.parametrize("preapproved", [False, True], ids=["from the page", "from the shell"])
def test_nobody_takes_the_name_of_a_running_simulated_node_without_saying_so(
    preapproved: bool, board: Callable[..., object]
) -> None:
    old = board("jetson-a", simulated_uplink_bytes_per_s=250_000, simulated_slowdown=4.0)
    with pytest.raises(UserError) as refused:
        make("jetson-a", preapproved=preapproved)
    assert (refused.value.code, refused.value.status) == ("name_taken", 409)
    assert "a simulated device" in str(refused.value) and "replace it" in refused.value.next
    assert enrolment.holder(old.token) == old.node  # type: ignore[attr-defined]


def test_a_code_that_may_replace_cuts_the_node_off_when_it_is_used(board: Callable[..., object]) -> None:
    old = board("jetson-a", simulated_uplink_bytes_per_s=250_000, simulated_slowdown=4.0)
    again = make("jetson-a", replace=True, simulated_uplink_bytes_per_s=1_000_000)
    assert enrolment.holder(old.token) is not None, "not before"  # type: ignore[attr-defined]
    node, _ = enrolment.join(again, FINGERPRINT, {})
    assert node.simulated_uplink_bytes_per_s == 1_000_000
    assert enrolment.holder(old.token) is None  # type: ignore[attr-defined]


def test_a_name_that_was_taken_after_the_code_was_made_is_not_replaced(board: Callable[..., object]) -> None:
    code = make("jetson-a")
    board("jetson-a", simulated_slowdown=4.0)
    with pytest.raises(UserError) as refused:
        enrolment.join(code, FINGERPRINT, {})
    assert refused.value.code == "name_taken"
