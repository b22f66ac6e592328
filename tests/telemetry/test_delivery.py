"""What is on its way to a service: bounded, in order, told once, and never waited for."""

import logging
import threading
import time

import pytest
from deepracer_core.telemetry.delivery import Bounds, Delivery, UndeliverableError

DEADLINE_S = 30.0


class Service:
    """Takes batches of numbers, unless it is told otherwise."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.attempts = 0
        self.open = threading.Event()
        self.open.set()
        self.asked = threading.Event()
        self.is_away = False
        self.refuses = 0

    def send(self, batch) -> int:
        self.attempts += 1
        self.asked.set()
        assert self.open.wait(DEADLINE_S)
        if self.is_away:
            raise UndeliverableError("it says no: ask again")
        self.batches.append(list(batch))
        return self.refuses

    @property
    def taken(self) -> list[int]:
        return [each for batch in self.batches for each in batch]


@pytest.fixture
def service():
    service = Service()
    yield service
    service.open.set()


def delivery(service: Service, **bounds) -> Delivery[int]:
    given = {
        "waiting_items": 100,
        "waiting_bytes": 10_000,
        "batch_items": 10,
        "batch_bytes": 1000,
        "period_s": 0.01,
        "close_s": DEADLINE_S,
        **bounds,
    }
    return Delivery("numbers", "the service", service.send, lambda _: 10, Bounds(**given))


def wait_until(condition) -> None:
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_all_arrive_in_order_in_batches_of_the_right_size(service):
    numbers = delivery(service, period_s=10.0)
    for number in range(95):
        numbers.put(number)
    assert numbers.close() == 0
    assert service.taken == list(range(95))
    assert max(map(len, service.batches)) == 10
    assert (numbers.delivered, numbers.dropped, numbers.waiting) == (95, 0, 0)


def test_a_batch_is_no_larger_than_a_request_may_be(service):
    numbers = delivery(service, batch_bytes=35, period_s=10.0)
    for number in range(9):
        numbers.put(number)
    assert numbers.close() == 0
    assert [len(batch) for batch in service.batches] == [3, 3, 3]


def test_a_few_wait_for_the_period_and_go_together(service):
    numbers = delivery(service, period_s=0.3)
    for number in range(3):
        numbers.put(number)
    wait_until(lambda: numbers.delivered == 3)
    assert service.batches == [[0, 1, 2]]
    numbers.close()


@pytest.mark.parametrize("bounds", [{"waiting_items": 20}, {"waiting_bytes": 200}])
def test_who_brings_something_never_waits_and_only_so_much_is_kept(service, bounds):
    """The service answers nothing at all for as long as everything is brought."""
    numbers = delivery(service, **bounds)
    service.open.clear()
    numbers.put(0)
    assert service.asked.wait(DEADLINE_S)
    for number in range(1, 1001):
        numbers.put(number)
    assert service.attempts == 1, "a request is under way all the time"
    assert numbers.waiting == 21
    assert numbers.dropped == 980
    service.open.set()
    assert numbers.close() == 0
    assert service.taken == [0, *range(981, 1001)]


def test_an_outage_is_told_once_and_so_is_its_end(service, caplog):
    numbers = delivery(service, waiting_items=5)
    service.is_away = True
    with caplog.at_level(logging.WARNING):
        for number in range(20):
            numbers.put(number)
        wait_until(lambda: service.attempts >= 4)
        service.is_away = False
        wait_until(lambda: numbers.waiting == 0)
        numbers.put(20)
        assert numbers.close() == 0
    first, last = (record.getMessage() for record in caplog.records)
    assert first.startswith("the service does not take numbers (it says no: ask again)")
    lost = numbers.dropped
    assert last.startswith("the service takes numbers again after ")
    assert last.endswith(f"; lost meanwhile: {lost}")
    assert lost + numbers.delivered == 21
    assert service.taken == sorted(service.taken)


def test_what_is_refused_for_good_is_counted_and_does_not_hold_up_the_rest(service):
    numbers = delivery(service, period_s=10.0)
    service.refuses = 1
    for number in range(30):
        numbers.put(number)
    assert numbers.close() == 0
    assert (numbers.delivered, numbers.dropped) == (27, 3)


def test_the_end_does_not_wait_for_a_service_that_is_away(service):
    numbers = delivery(service, close_s=0.1)
    service.is_away = True
    for number in range(5):
        numbers.put(number)
    assert numbers.close() == 5
    assert numbers.close() == 5
    attempts = service.attempts
    service.is_away = False
    numbers._thread.join(DEADLINE_S)
    assert not numbers._thread.is_alive()
    assert service.attempts <= attempts + 1
