"""Cloud time that runs by itself: precise, in order, one instant at a time."""

import threading
import time

import pytest

from rearm_workbench.emulate.running_clock import RunningClock

START = 1_800_000_000.0


@pytest.fixture
def clock():
    made = RunningClock(speed=100, start=START)
    yield made
    made.stop()


def test_it_stands_until_it_runs(clock: RunningClock) -> None:
    assert clock.now() == START
    clock.run()
    assert clock.now() > START


def test_a_speed_makes_much_of_a_moment(clock: RunningClock) -> None:
    before = time.monotonic()
    clock.run()
    mine, machine = clock.now() - START, time.monotonic() - before
    assert 0 < mine <= machine * 100


@pytest.mark.parametrize("speed", [0, -1, float("nan")])
def test_a_speed_is_above_nothing(speed: float) -> None:
    with pytest.raises(ValueError, match="a number above 0"):
        RunningClock(speed=speed)


def test_timers_run_by_themselves_in_order_at_their_own_time(clock: RunningClock) -> None:
    seen: list[tuple[str, float]] = []
    over = threading.Event()
    clock.call_at(START + 2, lambda: seen.append(("b", clock.now())))
    clock.call_at(START + 1, lambda: seen.append(("a", clock.now())))
    clock.call_at(START + 2, lambda: seen.append(("c", clock.now())))
    clock.call_at(START + 2, over.set)
    clock.run()
    assert over.wait(5)
    assert seen == [("a", START + 1), ("b", START + 2), ("c", START + 2)]


def test_an_earlier_timer_wakes_the_thread(clock: RunningClock) -> None:
    over = threading.Event()
    clock.call_at(START + 1e6, lambda: None)
    clock.run()
    clock.call_at(clock.now() + 0.5, over.set)
    assert over.wait(5)


def test_a_cancelled_timer_does_not_run(clock: RunningClock) -> None:
    seen: list[str] = []
    timer = clock.call_at(START + 1, lambda: seen.append("cancelled"))
    clock.call_at(START + 2, lambda: seen.append("kept"))
    timer.cancel()
    clock.set(START + 3)
    assert seen == ["kept"]
    assert clock.next_at() is None


def test_a_jump_runs_what_is_due_each_at_its_own_time_also_what_is_set_on_the_way(clock: RunningClock) -> None:
    seen: list[float] = []

    def again() -> None:
        seen.append(clock.now() - START)
        if len(seen) < 5:
            clock.call_at(clock.now() + 60, again)

    clock.call_at(START + 60, again)
    clock.run()
    now = clock.advance(200)
    assert seen == [60, 120, 180]
    assert START + 200 <= now < START + 201
    assert clock.now() >= now
    later = clock.now()
    time.sleep(0.002)
    assert clock.now() > later


def test_a_jump_settles_after_each_instant_with_the_lock_given_back(clock: RunningClock) -> None:
    order: list[str] = []
    for at in (10, 10, 50):
        clock.call_at(START + at, lambda at=at: order.append(f"timer {at}"))

    def settle() -> None:
        taken = threading.Thread(target=lambda: clock.lock.acquire() and clock.lock.release())
        taken.start()
        taken.join(5)
        order.append(f"settled, free: {not taken.is_alive()}")
        stands = clock.now()
        time.sleep(0.002)
        assert clock.now() == stands

    clock.run()
    with clock.lock:
        clock.advance(100, settle)
    assert order == ["settled, free: True", "timer 10", "timer 10", "settled, free: True", "timer 50", "settled, free: True"]


def test_time_stands_while_the_lock_is_held_and_never_goes_back(clock: RunningClock) -> None:
    clock.run()
    with clock.lock:
        first = clock.now()
        with clock.lock:
            time.sleep(0.005)
        assert clock.now() == first
    assert clock.now() > first


def test_whoever_takes_the_lock_finds_what_is_due_already_run(clock: RunningClock) -> None:
    """Otherwise a request could overtake a lapse that lies before it, and a replay would come out differently."""
    clock.run()
    with clock.lock:
        seen: list[float] = []
        due = clock.now() + 0.2
        clock.call_at(due, lambda: seen.append(clock.now()))
        time.sleep(0.01)
        assert seen == []
    with clock.lock:
        assert seen == [due]
        assert clock.now() > due


def test_times_seen_by_many_threads_only_grow(clock: RunningClock) -> None:
    clock.run()
    bad: list[tuple[float, float]] = []

    def read() -> None:
        last = 0.0
        for _ in range(2000):
            now = clock.now()
            if now < last:
                bad.append((last, now))
            last = now

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(50):
        clock.call_at(clock.now() + 0.3, lambda: None)
        clock.advance(0.5)
    for reader in readers:
        reader.join()
    assert bad == []


def test_a_timer_in_trouble_does_not_stop_the_others(clock: RunningClock, capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[str] = []
    clock.call_at(START + 1, lambda: int("x"))
    clock.call_at(START + 2, lambda: seen.append("next"))
    clock.set(START + 2)
    assert seen == ["next"]
    assert "ValueError" in capsys.readouterr().err


def test_a_stopped_clock_stands_and_runs_nothing(clock: RunningClock) -> None:
    seen: list[str] = []
    clock.call_at(START + 1000, lambda: seen.append("too late"))
    clock.run()
    clock.stop()
    now = clock.now()
    assert clock.now() == now
    with clock.lock:
        assert seen == []


def test_the_shared_lock_can_be_given(clock: RunningClock) -> None:
    lock = threading.RLock()
    other = RunningClock(start=START, lock=lock)
    held: list[bool] = []
    with lock:
        taker = threading.Thread(target=lambda: held.append(other.lock.acquire(blocking=False)))
        taker.start()
        taker.join()
    assert held == [False]
