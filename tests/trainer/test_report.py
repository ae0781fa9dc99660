import io
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from xml.parsers import expat

import numpy as np
import orjson
import pytest
from rich.console import Console
from rich.table import Table

from trainer.documents import documents_of
from trainer.proof import Estimate, Proof, Verdict
from trainer.report import COLUMNS, health_table, metric_table, proof_table

METHODS = ("model v3", "model, mean of 3 seeds", "artist tf-idf", "chance")
SIZES = ("1-10", "10-50", "50+")


def around(mean: float, half: float = 0.021) -> Estimate:
    return Estimate(mean, mean - half, mean + half)


def a_proof() -> Proof:
    means = dict(zip(METHODS, (0.802, 0.61, 0.3, 0.05), strict=True))
    rng = np.random.default_rng(0)
    return Proof(
        asked=1000,
        among=12345,
        figures={method: {metric: around(mean) for metric in COLUMNS} for method, mean in means.items()},
        graph={
            method: {"largest_k_occurrence": 1143.0, "median_k_occurrence": 9.5, "coverage": 0.981}
            for method in METHODS
        },
        sizes={method: {size: around(mean, 0.04) for size in SIZES} for method, mean in means.items()},
        cosines={
            "two halves of one person": rng.uniform(0.4, 1, 500).astype(np.float32),
            "two strangers": rng.uniform(-0.4, 0.4, 500).astype(np.float32),
        },
        curve=tuple({"contrast": 3 / epoch, "held_back": 2 / epoch} for epoch in (1, 2, 3)),
        verdict=Verdict(False, "halves hit@10 fell.", 2, {"halves_hit_at_10": Estimate(-0.02, -0.03, -0.01)}),
    )


def with_method(name: str) -> Proof:
    proof = a_proof()
    rows = {name: proof.figures["chance"]}
    return replace(proof, figures=rows, graph={name: proof.graph["chance"]}, sizes={name: proof.sizes["chance"]})


def shown(table: Table, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(table)
    return console.file.getvalue()


def cells(table: Table, column: int) -> list[str]:
    return [str(cell) for cell in table.columns[column].cells]


def markdown_of(proof: Proof) -> str:
    return documents_of(proof, "Model v3")["report.md"].decode()


def tables_in(markdown: str) -> list[list[list[str]]]:
    """Every table as rows of cells, split at pipes that are not escaped."""
    blocks = [block.splitlines() for block in markdown.split("\n\n") if block.startswith("|")]
    return [[re.split(r"(?<!\\)\|", line)[1:-1] for line in block] for block in blocks]


def root_of(picture: bytes) -> str:
    """The outermost element; an error if this is no well-formed XML."""
    opened: list[str] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: opened.append(name)
    parser.Parse(picture, True)
    return opened[0]


def test_bare_figures_have_three_decimals_the_best_in_bold_and_a_dash_where_there_is_none() -> None:
    table = metric_table({"v1": {"halves_mrr": 0.5}, "v2": {"halves_mrr": 0.6, "friend_auc": 0.7}}, "two")

    assert [column.header for column in table.columns] == ["method", "halves MRR", "friend AUC"]
    assert cells(table, 1) == ["0.500", "[bold]0.600[/]"]
    assert cells(table, 2) == ["–", "[bold]0.700[/]"]


def test_means_stand_with_half_the_width_of_their_interval_and_the_best_in_bold() -> None:
    table = proof_table(a_proof(), "all")

    assert "0.802 ±.021" in shown(table, width=120)
    assert [cell.startswith("[bold]") for cell in cells(table, 1)] == [True, False, False, False]


def test_metrics_that_nobody_was_asked_for_are_left_out() -> None:
    figures = {"model": {"friend_auc": around(0.7)}, "chance": {"halves_mrr": around(0.1)}}
    table = proof_table(replace(a_proof(), figures=figures), "two")

    assert [column.header for column in table.columns] == ["method", "halves\nMRR", "friend\nAUC"]
    assert cells(table, 1)[0] == cells(table, 2)[1] == "–"


@pytest.mark.parametrize("table", [proof_table(a_proof(), "all"), health_table(a_proof())], ids=["proof", "health"])
def test_no_figure_is_broken_in_a_terminal_of_80_columns(table: Table) -> None:
    lines = shown(table).splitlines()
    words = {word for line in lines for word in line.split()}

    assert max(map(len, lines)) <= 80
    assert all(any(method in line for line in lines) for method in METHODS)
    assert all(re.fullmatch(r"\d\.\d{3}|±\.\d{3}|[\d,]+|9\.5", word) for word in words if re.search(r"\d[.,]|±", word))


def test_health_shows_whatever_is_known_of_the_graph_and_people_by_size() -> None:
    proof = a_proof()
    extended = {method: {**row, "skewness": 2.5} for method, row in proof.graph.items()}
    text = shown(health_table(replace(proof, graph=extended)), width=140)

    for figure in ("1,143", "9.5", "0.981", "skewness", "2.5", *SIZES, "0.802 ±.040"):
        assert figure in text


def test_a_method_named_like_markup_is_shown_as_it_is_named() -> None:
    assert "model [bold]" in shown(proof_table(with_method("model [bold]"), "one"), width=140)


def test_the_json_holds_every_figure_of_the_proof_but_of_cosines_only_percentiles() -> None:
    proof = a_proof()
    content = orjson.loads(documents_of(proof, "Model v3")["report.json"])

    assert (content["name"], content["asked"], content["among"]) == ("Model v3", 1000, 12345)
    for key in ("figures", "sizes"):
        rows = {m: {name: Estimate(**found) for name, found in row.items()} for m, row in content[key].items()}
        assert rows == getattr(proof, key)
    assert content["graph"] == proof.graph
    assert content["curve"] == list(proof.curve)
    for kind, cosines in proof.cosines.items():
        assert content["cosines"][kind]["pairs"] == 500
        percentiles = content["cosines"][kind]["percentiles"]
        assert list(percentiles) == ["0", "5", "25", "50", "75", "95", "100"]
        assert percentiles["50"] == pytest.approx(np.median(cosines))
    differences = {name: Estimate(**found) for name, found in content["verdict"].pop("differences").items()}
    assert Verdict(**content["verdict"], differences=differences) == proof.verdict


def test_the_markdown_holds_every_method_metric_interval_and_picture() -> None:
    documents = documents_of(a_proof(), "Model v3")
    markdown = documents["report.md"].decode()

    for text in ("# Model v3", "1,000 people", "12,345", *METHODS, *COLUMNS.values(), *SIZES, "1,143", "0.981"):
        assert text in markdown
    assert "**0.802** [0.781, 0.823]" in markdown
    assert "| 0.610 [0.589, 0.631]" in markdown  # only the best is bold
    assert re.findall(r"!\[.+\]\((.+)\)", markdown) == [name for name in documents if name.endswith(".svg")]
    assert markdown.endswith("|\n")


def test_the_markdown_explains_just_the_protocols_that_were_asked() -> None:
    without_friends = {
        method: {name: found for name, found in row.items() if not name.startswith("friend")}
        for method, row in a_proof().figures.items()
    }

    assert "**friend**" in markdown_of(a_proof())
    assert "**halves**" in markdown_of(replace(a_proof(), figures=without_friends))
    assert "**friend**" not in markdown_of(replace(a_proof(), figures=without_friends))


def test_the_verdict_says_what_it_was_compared_with_and_by_how_much_they_differ() -> None:
    assert "**Refused**, compared with v2: halves hit@10 fell." in markdown_of(a_proof())
    assert "| halves hit@10 | -0.020 [-0.030, -0.010] |" in markdown_of(a_proof())

    first = markdown_of(replace(a_proof(), verdict=Verdict(True, "It is the first.")))
    assert first.endswith("**Accepted**: It is the first.\n")
    assert "Verdict" not in markdown_of(replace(a_proof(), verdict=None))


def test_a_method_named_with_a_pipe_breaks_no_table() -> None:
    documents = documents_of(with_method("a | b\n<c> -- $d$"), "Model v3")
    tables = tables_in(documents["report.md"].decode())

    assert len(tables) == 4
    for table in tables:
        assert len({len(row) for row in table}) == 1
    assert tables[0][2][0] == r" a \| b \<c\> -- $d$ "
    assert root_of(documents["metrics.svg"]) == "svg"


def test_pictures_are_well_formed_and_the_same_for_the_same_proof() -> None:
    documents = documents_of(a_proof(), "Model v3")

    assert [*documents] == ["report.json", "report.md", "metrics.svg", "similarities.svg", "curve.svg"]
    assert documents_of(a_proof(), "Model v3") == documents
    for name in ("metrics.svg", "similarities.svg", "curve.svg"):
        assert root_of(documents[name]) == "svg"


def test_pictures_name_what_they_show() -> None:
    documents = {name: content.decode() for name, content in documents_of(a_proof(), "Model v3").items()}

    assert all(name in documents["metrics.svg"] for name in (*METHODS, *COLUMNS.values(), "0.802"))
    assert "two strangers (500 pairs, median" in documents["similarities.svg"]
    assert all(name in documents["curve.svg"] for name in ("contrast", "held back", "epoch"))


def test_what_was_not_measured_has_no_picture() -> None:
    documents = documents_of(replace(a_proof(), curve=(), cosines={}, figures={}), "Model v3")

    assert [*documents] == ["report.json", "report.md"]
    assert ".svg" not in documents["report.md"].decode()
    assert "curve.svg" not in documents_of(replace(a_proof(), curve=()), "Model v3")


def test_odd_proofs_are_drawn_too() -> None:
    nan = float("nan")
    cosines = {"all the same": np.ones(5, np.float32), "none": np.zeros(0, np.float32)}
    curve = ({"contrast": 1.0}, {"contrast": nan, "late": 2.0})
    proof = replace(a_proof(), cosines=cosines, curve=curve, verdict=Verdict(True, "", None, MappingProxyType({})))
    documents = documents_of(replace(proof, figures={"model": {"halves_mrr": around(1.0, 0.0)}}), "Model v3")

    assert orjson.loads(documents["report.json"])["cosines"]["none"] == {"pairs": 0, "percentiles": {}}
    assert orjson.loads(documents["report.json"])["curve"][1]["contrast"] is None
    for name in ("metrics.svg", "similarities.svg", "curve.svg"):
        assert root_of(documents[name]) == "svg"


def test_matplotlib_is_loaded_only_for_pictures_and_never_its_global_state() -> None:
    script = (
        "import sys; import trainer.documents; assert 'matplotlib' not in sys.modules; "
        "import trainer.plots; assert 'matplotlib.pyplot' not in sys.modules"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=root, check=True, timeout=60)
