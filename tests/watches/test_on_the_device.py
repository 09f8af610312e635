"""A watched camera on its device: motion first, the model where something changed, events that are raised once and cleared."""

from pathlib import Path

from PIL import Image

from devices.agent.watching.snapshots import Snapshots
from devices.contract.watches import QuietHours, Zone
from tests.watches.board import Board
from tests.watches.scenes import static, with_visitor, yard


def test_thirty_scenes_give_exactly_the_events_that_they_should(board: Board) -> None:
    expected = []
    for scene in range(30):
        if scene % 3 == 1:
            board.visited(4, place=120 + 3 * scene)
            expected += ["raised", "cleared"]
        else:
            board.empty(5, light=0.8 + 0.02 * (scene % 20))
    assert board.kinds == expected and expected.count("raised") == 10
    raised = [event for event in board.events if event.kind == "raised"]
    assert all(event.has_snapshot and event.seen == "ball" and event.confidence == 0.95 for event in raised)
    assert len({event.id for event in board.events}) == len(board.events)
    cleared = [event.about for event in board.events if event.kind == "cleared"]
    assert cleared == [event.id for event in raised]
    described = [event for event in board.events if event.kind == "described"]
    assert [event.about for event in described] == cleared and described[0].seen == "a red ball in a yard"


def test_what_a_watch_cost_is_in_its_events_and_a_still_yard_costs_no_look(board: Board) -> None:
    board.empty(20)
    looks = board.eye.looks
    assert looks == 1  # the first frame, of which nothing is known yet
    board.visited(2)
    cost = next(event.cost for event in board.events if event.kind == "raised")
    assert (cost.frames, cost.looks) == (22, 3) and cost.ms > 0


def test_a_board_that_measures_its_power_says_what_watching_took(board: Board) -> None:
    board.empty(3)
    board.visited(3)
    assert next(event for event in board.events if event.kind == "raised").cost.joules is None
    board.watts = 5.0
    board.empty(4)
    cost = next(event for event in board.events if event.kind == "cleared").cost
    assert (
        cost.joules is not None and cost.joules >= 5.0 * 0.9 * cost.ms / 1000 / 4 and cost.joules <= 5.0 * cost.ms / 1000 + 1e-6
    )


def test_what_watching_costs_is_reported_although_nothing_happens(board: Board) -> None:
    board.empty(400)
    (tally,) = [event for event in board.events if event.kind == "tally"]
    assert tally.watch == 1 and tally.cost.frames == 301 and tally.cost.seconds == 300 and tally.cost.looks == 1
    board.camera.use([], board.now)
    last = board.events[-1]
    assert (last.kind, last.cost.frames) == ("tally", 99)


def test_a_watch_that_was_switched_off_starts_anew(board: Board) -> None:
    board.empty(3)
    board.visited(3)
    board.camera.use([], board.now)
    board.watch()
    board.visited(3)
    assert board.kinds == ["raised", "raised"]


def test_a_flickering_light_and_a_grainy_night_are_no_motion(board: Board) -> None:
    board.empty(3)
    for frame in range(20):
        board.empty(light=1.0 if frame % 2 else 0.6)
    board.empty(20, light=0.3, grain=15)
    assert board.eye.looks == 1 and board.kinds == []


def test_one_look_that_errs_raises_nothing(board: Board) -> None:
    board.empty(3)
    board.visited(1)
    board.empty(6)
    assert board.kinds == [] and board.eye.looks > 1


def test_a_thing_that_comes_and_stays_is_raised_once_and_soon_looked_at_no_more(board: Board) -> None:
    board.empty(3)
    board.visited(60)
    before = board.eye.looks
    board.visited(60)
    assert board.kinds == ["raised"] and board.eye.looks == before < 45


def test_only_the_zone_counts(board: Board) -> None:
    board.watch(zone=Zone(right=0.35).model_dump())
    board.empty(3)
    board.visited(5, place=200)
    assert board.kinds == [] and board.eye.looks == 1
    board.visited(5, place=10)
    assert board.kinds == ["raised"]


def test_the_cool_down_ends_and_what_is_still_there_is_raised_then(board: Board) -> None:
    board.watch(cool_down_s=30)
    board.empty(3)
    board.visited(3)
    board.empty(5)
    board.visited(10)
    assert board.kinds == ["raised", "cleared"]
    board.visited(30)
    assert board.kinds == ["raised", "cleared", "raised"]


def test_nothing_is_raised_in_quiet_hours_by_the_clock_of_their_zone(board: Board) -> None:
    board.watch(quiet=QuietHours(start="22:00", until="06:30", time_zone="Asia/Tokyo").model_dump())
    board.now = 1_767_182_340.0  # 31 December 2025, 20:59 in Tokyo, so 11:59 UTC
    board.empty(3)
    board.visited(3)
    board.empty(4)
    assert board.kinds == ["raised", "cleared"]
    board.now += 2 * 3600
    looks = board.eye.looks
    board.visited(10)
    assert board.kinds == ["raised", "cleared"] and board.eye.looks == looks
    board.now += 9 * 3600
    board.visited(3)
    assert board.kinds == ["raised", "cleared", "raised"]


def test_a_restart_in_the_middle_raises_nothing_twice_and_loses_nothing(board: Board) -> None:
    board.empty(3)
    board.visited(3)
    board.start()
    board.visited(5)
    board.start()
    board.empty(5)
    assert board.kinds == ["raised", "cleared"]
    assert board.events[-1].about == board.events[0].id
    board.start()
    board.empty(5)
    assert board.kinds == ["raised", "cleared"]


def test_settings_change_without_a_restart_and_what_stands_stays(board: Board) -> None:
    board.empty(3)
    board.visited(3)
    board.watch(hits=1, clear_after=1)
    board.visited(2)
    board.empty(2)
    assert board.kinds == ["raised", "cleared"]
    board.visited(1)
    assert board.kinds == ["raised", "cleared", "raised"]


def test_models_that_are_away_delay_an_event_and_do_not_lose_it(board: Board) -> None:
    board.empty(3)
    board.eye.away = True
    board.visited(5)
    assert board.kinds == []
    board.eye.away = False
    board.visited(3)
    assert board.kinds == ["raised"]


def test_a_picture_of_an_event_is_kept_without_what_the_camera_wrote_into_its_file(board: Board) -> None:
    marked = with_visitor(yard())
    exif = Image.Exif()
    exif[0x010F] = "a camera's name"
    board.empty(3)
    for seed in range(3):
        marked = with_visitor(yard(seed=seed))
        path = board.home / "marked.jpg"
        marked.save(path, "JPEG", exif=exif)
        board.sees(path.read_bytes())
    event = next(event for event in board.events if event.kind == "raised")
    kept = Snapshots(board.home / "snapshots").read(event.id)
    assert kept and b"a camera's name" not in kept and b"a camera's name" in path.read_bytes()
    assert Snapshots(board.home / "snapshots").read("../../watching") is None


def test_pictures_have_a_bounded_place(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, limit=60_000)
    for number in range(12):
        assert snapshots.keep(f"{number:032x}", static())
    files = list(tmp_path.glob("*.jpg"))
    assert 0 < len(files) < 12 and sum(file.stat().st_size for file in files) <= 60_000
    assert snapshots.read(f"{11:032x}") and snapshots.read(f"{0:032x}") is None
