"""Questions about the system are answered with the figures of the database."""

from typing import Any

import pytest

from inference.answering.system_questions.topics import ABILITIES, UNCLEAR
from tests.answering.conftest import Ask
from tests.answering.system_world import answered, drop, fleet, started

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("which of my devices is slowest?", "nano-2 is the slowest: it takes 900 ms for a whole answer"),
        ("Which device is the fastest?", "jetson-orin is the fastest: it takes 80 ms"),
        ("is the orin faster than nano-2?", "jetson-orin is the fastest: it takes 80 ms"),
        ("why is nano-2 so slow?", "It has 2 jobs waiting. The slowest link is that of nano-2, 31 KB/s."),
        ("how many devices are online?", "2 of 3 devices are online: jetson-orin and nano-2. Offline: Barn tablet"),
        ("how many edges are there", "1 of 1 edge is online: edge-1."),
        ("Are all my nodes up?", "3 of 4 nodes are online"),
        ("is the tablet in the barn connected?", "Barn tablet is offline: last seen 3 h ago, on "),
        ("is the tabelt online", "Barn tablet is offline"),
        ("Is Nano 2 online?", "nano-2 is online: last heartbeat"),
        ("nano2", "nano-2 is online: last heartbeat"),
        ("is the edge up?", "edge-1 is online"),
        ("is old-nano connected?", "The credentials of old-nano were revoked on "),
        ("is nano-7 online?", "There is no device called “nano-7”. There are jetson-orin, nano-2, Barn tablet and edge-1."),
        ("is the tablet in the kitchen connected?", "There is no device called “tablet in the kitchen”."),
        ("how fast is my link?", "jetson-orin sends 250 KB/s with a round trip of 10 ms, measured "),
        ("how fast is nano-2's uplink?", "nano-2 sends 31 KB/s"),
        ("how fast is the barn tablet's link", "The link of Barn tablet was not measured yet"),
        ("how hot is the Orin?", "jetson-orin: temperature 51 °C."),
        ("how much memory does the orin use", "jetson-orin: memory 2.0 of 8.0 GB."),
        ("how hot is nano-2?", "nano-2: temperature not available."),
        ("can I unplug the barn tablet?", "Barn tablet is offline, so unplugging it changes nothing."),
        ("can I unplug nano-2?", "nano-2 has 2 jobs waiting or running; unplug it once these are done."),
        ("can I turn the toaster off?", "There is no device called “toaster”."),
        ("what can I unplug?", "Leave nano-2 plugged in"),
        (
            "is anything training right now, or can I unplug the Orin?",
            "None of your runs is training right now. jetson-orin can be",
        ),
        ("drop table nodes; which devices are online?", "3 of 4 nodes are online"),
    ],
)
def test_devices(ask: Ask, message: str, expected: str) -> None:
    fleet()
    assert expected in ask(message)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "which run was the best so far?",
            "run 9 is the best of your 3 runs: an accuracy of 84.0 % (best 85.0 %) after 10 rounds.",
        ),
        ("which run was the shortest?", "Run 9 is the only one: 100 s and 30 KB"),
        ("how many rounds has run 12 done?", "is running (round 4); it has completed 3 of 10 rounds."),
        ("how many rounds has run twelve done?", "Run 12 (Digits, FedAvg, 2 clients"),
        ("when will run #12 be finished", "sent 9,000 bytes and ran for 30 s; about 70 s are left."),
        ("how accurate is the last run", "Run 12 (Digits"),
        ("and the best run?", "run 9 is the best of your 3 runs"),
        ("compare run 9 and run 11", "Run 11 (Digits, FedAvg, 2 clients, 1 bit) failed (“No round reached its quorum”)"),
        ("did nano-2 drop out of the last run?", "nano-2 was lost in 2 of its 3 rounds of run 12, the last time in round 3"),
        ("did the Orin drop out of run 12?", "jetson-orin did not drop out of run 12: it counted in all 3 of its rounds."),
        ("did nano-7 drop out of the last run?", "There is no device called “nano-7”."),
        ("did edge-1 drop out of run 9?", "edge-1 took no part in run 9."),
        ("who dropped out of run 9?", "jetson-orin and nano-2 took part in run 9; none dropped out"),
        ("has anybody dropped out of run 12?", "nano-2 was lost in 2 of its 3 rounds"),
        ("why is run 9 slow?", "10 rounds took 100 s, 10 s each; of that, 60.0 % sending updates up and 20.0 % computing"),
        ("why was run 9 so slow", "nano-2 is the slowest client with 9.0 s for a round; jetson-orin takes 4.0 s."),
        ("why did run 11 fail?", "“No round reached its quorum”"),
        ("how many runs do I have?", "You have 3 runs: 1 running, 1 failed and 1 done. The newest is run 12"),
        ("is anything training right now?", "Run 12 (Digits"),
        ("is nano-2 training?", "None of your runs is training there right now."),
        ("can I unplug the Orin?", "Leave jetson-orin plugged in: run 12 trains on it; pause it on its page first."),
        ("what data sets can I train on?", "on Digits, CIFAR-10 and Photos on the devices"),
        ("how many rounds has run 99 done?", "You have no run 99. The Federation page lists your runs."),
    ],
)
def test_runs(ask: Ask, owner: Any, message: str, expected: str) -> None:
    fleet()
    started(owner)
    drop(12, [2, 3])
    assert expected in ask(message)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "how many bytes did that save?",
            "The last answer saved 83,640 bytes: 360 bytes were sent instead of 84 KB, 233× fewer.",
        ),
        ("how much traffic did I save today?", "Today (UTC): your 1 question about photos saved 83,640 bytes"),
        ("how long did that take?", "The last answer took 120 ms: 30 ms on jetson-orin, 60 ms on the link, 20 ms on edge-1"),
        ("why was that slow?", "Splitting sends least over this link."),
        ("which model answered that?", "It was answered by compact vqa."),
        (
            "did the photo leave the device?",
            "The photo was not sent over the link of jetson-orin. The server keeps your upload.",
        ),
        ("how long do answers take?", "So far: 1 answer about photos, with a median of 120 ms"),
        ("how many questions did I ask today?", "Today (UTC): you asked 1 question (1 answered)."),
        ("what was my last question?", "Your question before this one was “What is the dog doing?”, on "),
        ("how many photos do I have?", "You have 1 photo; those on the server use 0.1 MB of 2,000 MB."),
        ("what did today cost?", "1 question of yours (360 bytes sent for answers) and no training. Planning cost nothing."),
        ("which planner plans my questions?", "Questions are planned offline, on this server."),
        ("which models could I choose from?", "The compact models answer now: compact classify, compact caption, compact vqa"),
        ("which cameras may I use?", "There is no camera yet that you may use"),
        ("what can you do?", ABILITIES),
        ("Help!", ABILITIES),
        ("tell me a joke", UNCLEAR),
        ("blah", UNCLEAR),
    ],
)
def test_use(ask: Ask, owner: Any, message: str, expected: str) -> None:
    answered(owner, answered_by="compact vqa")
    assert expected in ask(message)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("how many devices are online?", "No device is registered yet"),
        ("which of my devices is slowest?", "No device has measured its speed yet"),
        ("how fast is my link?", "No device is registered yet"),
        ("is the tablet in the barn connected?", "There is no device called “tablet in the barn”. None is registered yet."),
        ("can I unplug anything?", "None of your runs is training right now. No device has jobs waiting."),
        ("which run was the best?", "You have no training run yet. Start one on the Federation page."),
        ("is anything training?", "None of your runs is training right now."),
        ("did nano-2 drop out of the last run?", "You have no training run yet."),
        ("how many bytes did that save?", "No question about a photo has been answered in this conversation yet."),
        ("how many bytes did I save?", "So far: none of your questions about a photo was answered."),
        ("how many questions did I ask today?", "Today (UTC): you asked 0 questions."),
        ("what was my last question?", "There is no earlier question in this conversation."),
        (
            "what did last night cost?",
            "0 questions of yours (0 bytes sent for answers) and no training. Planning cost nothing.",
        ),
        ("how much energy was used today?", "Today (UTC): energy not available, because no device measured its power then."),
        ("how long do answers take?", "So far: none of your questions about a photo was answered."),
        ("", ABILITIES),
        ("?!", ABILITIES),
    ],
)
def test_an_empty_database_has_none_yet(ask: Ask, message: str, expected: str) -> None:
    assert expected in ask(message)
