"""The metrics of a test, read as Prometheus would."""

from prometheus_client.parser import text_string_to_metric_families

from retriever.observe.metrics import Metrics


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels, in the order of the labels' names."""
    text = metrics.render()[0].decode()
    return {
        (sample.name.removeprefix("soundalike_"), *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
