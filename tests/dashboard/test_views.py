"""What is seen: pure functions of plain data."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from datetime import timedelta
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.api.people import Compatibility, Eras, Recommendation, Recommendations
from dashboard.api.service import History, Model, Models, Status
from dashboard.api.taste_map import TasteMap
from dashboard.errors import Refused
from dashboard.views import choices, figures, fragments, models, people, service, words
from dashboard.views.joint import COLUMNS, joint_csv, joint_uris
from dashboard.views.palette import DARK, LIGHT, contrast, palette_of
from tests.dashboard import stub

EVIL = st.one_of(st.text(max_size=40), st.sampled_from(["<script>", '" onload="x', "a\nb", "&lt;", "</article>"]))


class Attributes(HTMLParser):
    """Names of all attributes, as a browser reads them."""

    @classmethod
    def of(cls, text: str) -> set[str]:
        parser = cls()
        parser.found = set()
        parser.feed(text)
        return parser.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {name for name, _ in attrs}


def recommendation(**more: object) -> Recommendation:
    return Recommendation.model_validate(stub.recommendation(0, **more))


def eras(decades: dict[str, tuple[float, float]]) -> Eras:
    told = [{"decade": decade, "one": one, "other": other} for decade, (one, other) in decades.items()]
    return Eras.model_validate({"overlap": 0.25, "decades": told})


@given(EVIL, EVIL, EVIL)
def test_nothing_that_people_wrote_is_markup_in_a_card(name: str, artist: str, url: str):
    card = people.person_card(recommendation(display_name=name, shared_artists=[artist], profile_url=url), 1)
    tags = set(re.findall(r"<\s*/?\s*([a-zA-Z0-9]+)", card))
    assert tags <= {"article", "div", "span", "a", "strong", "small", "p", "i", "h4", "ul", "li", "details", "summary"}
    assert card.count("<article") == card.count("</article>") == 1
    assert not {attribute for attribute in Attributes.of(card) if attribute.startswith("on")}


@given(st.text(max_size=60))
def test_text_for_markdown_is_one_line_without_anything_live(text: str):
    shown = words.plain(text)
    assert "\n" not in shown
    assert not re.search(r"(?<!\\)[`*_\[\]<>$|~#:]", re.sub(r"\\\\", "", shown))


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("https://open.spotify.com/user/x", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//evil.example", False),
        ("https://[broken", False),
        (None, False),
    ],
)
def test_only_pages_are_linked(url: str | None, is_safe: bool):
    assert (words.safe_link(url) is not None) is is_safe


def test_spotify_is_named_beside_its_links_and_only_there():
    assert "Profile on Spotify" in fragments.profile_link("A", "https://open.spotify.com/user/a")
    assert "Spotify" not in fragments.profile_link("A", "https://open.spotify.com.evil.example/user/a")


@pytest.mark.parametrize(
    ("percentile", "shown"), [(None, "–"), (100.0, "> 99.9 %"), (99.95, "> 99.9 %"), (99.9, "99.9 %"), (3.0, "3.0 %")]
)
def test_a_percentile_is_never_all_of_them(percentile: float | None, shown: str):
    assert words.percentile_text(percentile) == shown


@pytest.mark.parametrize(("name", "shown"), [("Ada B. Lovelace", "AL"), ("bo", "B"), ("***", "·"), ("é x", "ÉX")])
def test_an_avatar_has_one_or_two_letters(name: str, shown: str):
    assert words.initials(name) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "–"), (5, "less than a minute"), (60, "1 minute"), (7200, "2 hours"), (90000, "1 day")],
)
def test_an_age_is_said_in_its_largest_unit(seconds: float | None, shown: str):
    assert words.age_text(seconds) == shown


def test_chips_beyond_the_first_are_folded_away():
    shown = fragments.chips([f"artist {number}" for number in range(11)])
    assert "and 3 more" in shown
    assert shown.count("<li") == 11


def test_a_missing_part_is_not_shown_as_zero():
    assert "not known" in fragments.bar("Playlists", None)
    assert "0.00" not in fragments.bar("Playlists", None)


def test_trouble_says_when_to_try_again():
    error = Refused("Later", "Spotify is busy.", "Wait.", status=503, code="x", retry_after_s=30)
    assert "Try again in 30 s." in fragments.trouble(error)


def test_the_joint_list_has_each_artist_once_and_a_search_but_no_track():
    answer = Recommendations.model_validate(stub.recommendations())
    rows = list(csv.reader(io.StringIO(joint_csv(answer))))
    assert tuple(rows[0]) == COLUMNS
    artists = [row[0] for row in rows[1:]]
    assert len(artists) == len(set(artists)) == 11
    assert rows[-1] == [
        "New & Loved",
        "to discover",
        "4 of the nearest",
        "https://open.spotify.com/search/New%20%26%20Loved",
        "spotify:search:New%20%26%20Loved",
    ]
    assert joint_uris(answer).splitlines() == [row[-1] for row in rows[1:]]


@given(st.text(max_size=30))
def test_no_cell_of_the_joint_list_is_a_formula(artist: str):
    found = [stub.recommendation(0, shared_artists=[artist], display_name=artist)]
    answer = Recommendations.model_validate(stub.recommendations(recommendations=found))
    for row in csv.reader(io.StringIO(joint_csv(answer))):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)


@pytest.mark.parametrize("look", [LIGHT, DARK])
def test_all_text_and_all_points_are_seen(look: object):
    assert (
        min(contrast(look.ink, look.paper), contrast(look.quiet, look.paper), contrast(look.accent, look.paper)) >= 4.5
    )
    assert min(contrast(colour, look.paper) for colour in look.many) >= 3
    assert len(set(look.many)) == figures.MOST_GENRES


def test_figures_style_and_theme_have_the_same_colours():
    dashboard = files("dashboard")
    theme = tomllib.loads((dashboard / ".streamlit" / "config.toml").read_text())["theme"]
    style = (dashboard / "views" / "style.css").read_text()
    for name, look in (("light", LIGHT), ("dark", DARK)):
        told = theme[name]
        assert (told["primaryColor"], told["textColor"], told["backgroundColor"]) == (look.accent, look.ink, look.paper)
    for one, other in ((LIGHT.accent, DARK.accent), (LIGHT.quiet, DARK.quiet), (LIGHT.line, DARK.line)):
        assert f"light-dark({one}, {other})" in style


def test_the_theme_decides_the_colours_of_figures():
    assert palette_of("dark") is DARK
    assert palette_of(None) is LIGHT


def test_the_map_colours_ten_genres_and_marks_me_and_mine():
    genres = [f"genre {number}" for number in range(12) for _ in range(12 - number)] + [None]
    count = len(genres)
    points = {
        "user_id": [f"u{at}" for at in range(count)], "name": ["<b>n</b>"] * count, "genre": genres,
        "x": [0.0] * count, "y": [0.0] * count,
    }  # fmt: skip
    seen = TasteMap.model_validate(stub.taste_map(points=points, people=count))
    drawn = figures.map_figure(seen, {"me": ["u0"], "my soundalikes": ["u1", "u2"]}, LIGHT).data
    names = [trace.name for trace in drawn]
    assert names[:10] == [f"genre {number}" for number in range(10)]
    assert names[10:] == [figures.OTHER, figures.UNKNOWN, "my soundalikes", "me"]
    assert sum(len(trace.x) for trace in drawn[:12]) == count
    assert [row[0] for row in drawn[-2].customdata] == ["u1", "u2"]
    assert {trace.marker.opacity for trace in drawn} == {1}  # what is seen through has less contrast than its colour
    assert drawn[0].text[0] == "&lt;b&gt;n&lt;/b&gt;"


def test_eras_stand_side_by_side():
    others = [eras({"1990s": (1, 0), "2000s": (0, 0.5)}), eras({"1980s": (0, 1)})]
    figure = figures.eras_beside_me([("Bo", each) for each in others], LIGHT)
    assert list(figure.data[0].x) == ["1980s", "1990s", "2000s"]
    assert len(figure.data) == 4
    assert {bars.marker.color for bars in figure.data if bars.name == "me"} == {LIGHT.quiet}
    two = Eras.model_validate(stub.eras())
    assert [trace.name for trace in figures.eras_of_two(two, "A", "B<", LIGHT).data] == ["A", "B&lt;"]


def test_eras_on_a_card_are_a_pair_of_bars_for_each_decade_and_words_for_who_hears_it():
    card = people.person_card(recommendation(eras=stub.eras()), 1)
    assert 'aria-label="1990s: you 40%, they 100%"' in card
    assert '<i class="sa-mine" style="height:40%"></i><i class="" style="height:100%"></i>' in card
    assert "60% in common" in card
    assert "Release years are not known" in people.person_card(recommendation(eras=None), 1)


def test_people_to_choose_from_stand_in_the_order_of_their_names_and_no_two_are_called_alike():
    points = stub.taste_map()["points"] | {"user_id": ["u1", "u2", "me"], "name": ["Bo", "Bo", "Ada"]}
    names = choices.names_of(TasteMap.Points.model_validate(points), ["me"])
    assert names == {"me": "Ada (you)", "u1": "Bo · u1", "u2": "Bo · u2"}
    assert [*names] == ["me", "u1", "u2"]


def test_towers_are_drawn_by_part_and_a_missing_one_is_a_dash():
    table = people.towers_beside_me([recommendation(), recommendation(display_name="<b>")])
    assert table.count('style="width:70%"') == table.count('style="width:50%"') == 2
    assert table.count('<span class="sa-value">–</span>') == 2
    assert "2. &lt;b&gt;" in table


def test_hubness_has_a_table_of_its_own():
    model = Models.model_validate(stub.models()).models[0]
    assert "occurrence" not in models.compared_table(model)
    assert "occurrence" in (models.hubness_table(model) or "")


def test_models_are_drawn_over_time_beside_their_rivals():
    found = Models.model_validate(stub.models())
    metrics = models.metrics_of(found.models)
    assert metrics[0] == "halves_mrr"
    names = [trace.name for trace in models.versions_figure(found, "halves_mrr", LIGHT).data]
    assert names == ["random", "raw features", "this model"]
    table = models.model_table(found)
    assert table.count("sa-tag on") == 1
    assert "halves_mrr fell by 0.040" in table
    ranked = models.rivals_figure(found.models[0], "halves_mrr", LIGHT).data[0]
    assert list(ranked.y) == ["random", "raw features", "model"]


def test_a_model_without_a_report_has_no_curve():
    bare = Model.model_validate(stub.model(1, curve=[], compared={}))
    assert models.curve_figure(bare, LIGHT) is None
    full = Model.model_validate(stub.model(1))
    assert [list(trace.y) for trace in models.curve_figure(full, LIGHT).data] == [[2.0, 1.0]]


def test_history_is_three_pictures_over_one_time():
    drawn = service.history_figure(History.model_validate(stub.history()), LIGHT)
    assert [trace.name for trace in drawn.data] == ["people", "waiting", "index", "model"]
    begins, ends = drawn.layout.xaxis.range
    assert ends - begins > timedelta(hours=1)


def test_what_is_not_known_of_the_service_is_a_dash():
    status = Status.model_validate(stub.status(features={"people": None, "text_model": "m", "age_s": None}))
    assert "<dd>–</dd>" in service.at_a_glance(status)


def test_a_verdict_names_both_and_the_score():
    shown = people.verdict(Compatibility.model_validate(stub.compatibility(score=0.4)))
    assert "<strong>0</strong>" in shown
    assert "98.0 %" in shown
