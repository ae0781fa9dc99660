"""Quality: how good the models are, beside what is simpler; which is live, and why one was rejected."""

from __future__ import annotations

import streamlit as st

from dashboard.api.service import Model
from dashboard.errors import NotThere
from dashboard.room import Room
from dashboard.views import fragments
from dashboard.views import models as views

HUBS = (
    "In how many people's ten nearest somebody stands (k-occurrence): of the one in most lists, and of the one in the "
    "middle. Coverage: the share of people that stand in any list. A few hubs in every list would be no soundalikes."
)


def show(room: Room) -> None:
    """Draw the page."""
    st.html(
        fragments.heading(
            "Quality", "Every model is asked about people it never saw, beside simpler methods, before it may go live."
        )
    )
    found = room.api.models()
    if not found.models:
        st.html(
            fragments.notice(
                "No model yet", "None was trained.", "Train one: make train, or on the page Operations.", kind="note"
            )
        )
        return
    st.html(fragments.section("Versions"))
    st.html(views.model_table(found))
    metrics = views.metrics_of(found.models)
    if metrics:
        if len(found.models) > 1:
            words = "Hollow points were rejected. Thin lines: what the reports compare with."
            st.html(fragments.section("Over time", words))
        else:
            st.html(fragments.section("Beside its rivals", "With a second version this becomes a line over time."))
        metric = st.selectbox("Metric", metrics, format_func=views.metric_title, key="metric")
        metric = metric or metrics[0]
        st.plotly_chart(
            views.versions_figure(found, metric, room.look)
            if len(found.models) > 1
            else views.rivals_figure(found.models[0], metric, room.look),
            theme=None,
            key="versions",
            config={"displayModeBar": False},
            alt=f"{views.metric_title(metric)} of every version, with rivals.",
        )
    st.html(fragments.section("One model closely"))
    versions = {each.version: each for each in found.models}
    first = list(versions).index(found.live) if found.live in versions else 0
    version = st.selectbox(
        "Version", list(versions), index=first, format_func=lambda number: f"v{number}", key="version"
    )
    _closely(room, versions[version or next(iter(versions))])


def _closely(room: Room, model: Model) -> None:
    if not model.accepted:
        st.html(fragments.notice("This model was rejected", model.verdict, "The live model stayed live."))
    if model.compared:
        st.html(views.compared_table(model))
    hubness = views.hubness_table(model)
    if hubness is not None:
        st.html(fragments.section("Hubness", HUBS))
        st.html(hubness)
    curve = views.curve_figure(model, room.look)
    if curve is None:
        st.caption("No training curve was kept with this version.")
    else:
        st.plotly_chart(
            curve, theme=None, key="curve", config={"displayModeBar": False}, alt="Training curve: loss by epoch."
        )
    with st.expander("The whole report"):
        if st.button("Show it", key="report"):
            try:
                st.code(room.api.report(model.version), language=None, wrap_lines=True)
            except NotThere as error:
                st.html(fragments.notice(error.title, error.what, error.mend, kind="note"))
