from prometheus_client import CollectorRegistry

from features.errors import StoreError
from retriever.observe.metrics import Metrics
from retriever.observe.state import State
from tests.retriever.observe.logbook import a_logbook
from tests.retriever.observe.scrape import samples


def test_requests_are_counted_and_timed_by_method_route_and_status() -> None:
    metrics = Metrics()
    for status in (200, 200, 404):
        metrics.begun()
        metrics.answered("GET", "/v1/users/{user_id}", status, 0.02)

    found = samples(metrics)
    assert found["http_requests_total", "GET", "/v1/users/{user_id}", "200"] == 2
    assert found["http_requests_total", "GET", "/v1/users/{user_id}", "404"] == 1
    assert found["http_request_seconds_count", "GET", "/v1/users/{user_id}"] == 3
    assert round(found["http_request_seconds_sum", "GET", "/v1/users/{user_id}"], 6) == 0.06
    assert found["http_request_seconds_bucket", "0.01", "GET", "/v1/users/{user_id}"] == 0
    assert found["http_request_seconds_bucket", "0.025", "GET", "/v1/users/{user_id}"] == 3


def test_requests_in_flight_go_up_and_down() -> None:
    metrics = Metrics()
    metrics.begun()
    metrics.begun()
    assert samples(metrics)["http_requests_in_flight",] == 2

    metrics.answered("GET", "/healthz", 200, 0.001)
    assert samples(metrics)["http_requests_in_flight",] == 1


def test_work_behind_the_routes_is_timed() -> None:
    metrics = Metrics()
    metrics.encoded(3, 0.5)
    metrics.delivered("qdrant", "failed", 2.0)
    metrics.refused("rate")
    with metrics.searching():
        pass

    found = samples(metrics)
    assert (found["encoding_batch_profiles_sum",], found["encoding_seconds_sum",]) == (3, 0.5)
    assert found["delivery_seconds_sum", "failed", "qdrant"] == 2
    assert found["refused_requests_total", "rate"] == 1
    assert found["search_seconds_count",] == 1


def test_a_search_that_failed_is_not_timed() -> None:
    metrics = Metrics()
    try:
        with metrics.searching():
            raise StoreError("down")
    except StoreError:
        pass

    assert samples(metrics)["search_seconds_count",] == 0


def test_the_state_is_looked_at_when_somebody_asks() -> None:
    metrics, people = Metrics(), [40]
    metrics.watch(
        lambda: State(people=people[0], model_age_s=60.5, index_age_s=30, encoding_waiting=0, outbox_waiting={"a": 7},
                      outbox_oldest_s={"a": 1.5}, breakers_open={"a": True, "b": False})
    )  # fmt: skip
    people[0] = 41

    found = samples(metrics)
    assert found["people",] == 41
    assert (found["model_age_seconds",], found["index_age_seconds",], found["encoding_waiting",]) == (60.5, 30, 0)
    assert (found["outbox_waiting", "a"], found["outbox_oldest_seconds", "a"]) == (7, 1.5)
    assert (found["breaker_open", "a"], found["breaker_open", "b"]) == (1, 0)
    assert found["state_readable",] == 1


def test_what_is_not_known_is_left_out_rather_than_told_as_zero() -> None:
    metrics = Metrics()
    assert ("state_readable",) not in samples(metrics)

    metrics.watch(State)
    found = samples(metrics)
    assert found["state_readable",] == 1
    assert not {"people", "model_age_seconds", "index_age_seconds", "outbox_waiting"} & {name for name, *_ in found}


def test_a_state_that_cannot_be_read_is_told_and_logged_and_hides_nothing_else() -> None:
    def down() -> State:
        raise StoreError("The feature store of ann is down.")

    metrics = Metrics()
    metrics.begun()
    metrics.watch(down)
    with a_logbook() as book:
        found = samples(metrics)

    assert found["state_readable",] == 0
    assert found["http_requests_in_flight",] == 1
    assert book.lines[0]["exception"].startswith("features.errors.StoreError")


def test_two_applications_count_for_themselves_and_the_process_is_told_of() -> None:
    registry = CollectorRegistry()
    first, second = Metrics(registry), Metrics()
    first.refused("rate")

    assert registry.get_sample_value("soundalike_refused_requests_total", {"reason": "rate"}) == 1
    assert ("refused_requests_total", "rate") not in samples(second)
    assert samples(second)["process_resident_memory_bytes",] > 0


def test_both_formats_are_spoken() -> None:
    metrics = Metrics()

    assert metrics.render()[1].startswith("text/plain")
    body, content_type = metrics.render("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
