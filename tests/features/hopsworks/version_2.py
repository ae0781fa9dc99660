"""Version 2 of the feature group, as the earlier program left it behind."""

from tests.cluster import Cluster


def left_behind(cluster: Cluster, rows: dict[str, list[object]]) -> None:
    """Version 2 with these rows."""

    def make(project):
        import pandas as pd

        group = project.get_feature_store().create_feature_group(
            name="spotify_user_embeddings",
            version=2,
            primary_key=["user_id"],
            time_travel_format="DELTA",
            statistics_config=False,
        )
        group.insert(pd.DataFrame(rows))

    cluster.session.call("leaving version 2 behind", make)


def columns(*rows: tuple[str, object, object, object]) -> dict[str, list[object]]:
    names = ("user_id", "genre_embedding", "artist_embedding", "playlist_embedding")
    found = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    return {**found, "release_year_embedding": [[1.0, 2.0]] * len(rows)}
