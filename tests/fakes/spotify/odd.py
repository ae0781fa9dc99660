"""Everything odd that Spotify's answers were seen to hold, in the account of one person."""

from __future__ import annotations

from .builder import Builder, a_world
from .things import a_local_file, a_removed_track, a_row, a_track, an_artist, an_episode, many_tracks
from .world import ABSENT

ODD = "o.d+d_#é"
"""Whose account it is: ids of people hold any letter."""


def an_odd_world() -> Builder:
    """A world with ``ODD``, whose playlists are each odd in a way of its own, and named for it."""
    world = a_world().with_user(ODD, images=0).with_user("friend", display_name="\u200f\u200eЖ&#x27;Ö ")
    world = _with_odd_rows(world.with_null_playlists(ODD, 2))
    return _with_odd_playlists(world).with_null_playlists(ODD)


def _with_odd_rows(world: Builder) -> Builder:
    twice = a_track("Nico", "These Days", year="1967", genres=["art pop"])
    return (
        world.with_playlist(ODD, "removed", tracks=[a_removed_track(), twice, a_row(None, added_at=None)])
        .with_playlist(ODD, "local", tracks=[a_local_file(), a_local_file("", "", ""), a_local_file("Nico", "", "")])
        .with_playlist(ODD, "episodes", tracks=[an_episode(), twice, an_episode("Two")])
        .with_playlist(ODD, "nothing but odd", tracks=[a_removed_track(), an_episode(), a_local_file("", "", "")])
        .with_playlist(
            ODD,
            "years",
            tracks=[
                a_track("Dated", f"of {year}", year=year)
                for year in ("1971-06-22", "1981-12", "1981", "0000", "0000-00-00", "2016-02-29", None)
            ],
        )
        .with_playlist(
            ODD,
            "remastered",
            tracks=[
                a_track("Can", "Vitamin C - 2004 Remastered Version", year="2004", album="Ege Bamyasi (Remastered)"),
                a_track("Can", "Vitamin C", year="2019", album="Krautrock: the best", album_type="compilation"),
            ],
        )
        .with_playlist(ODD, "twice", tracks=[twice, twice, a_track("Nico", "Duet", an_artist("Nico"))])
        .with_playlist(
            ODD,
            "letters",
            tracks=[
                a_track("שלום חנוך", "מחכים למשיח"),
                a_track("Simon &amp; Garfunkel", "A &lt;b&gt;"),
                a_track("Sigur Rós", "Ára bátur"),
                a_track("坂本龍一", "戦場のメリークリスマス"),
                a_track("👻", "\u200f🎃", year=None),
            ],
        )
        .with_playlist(
            ODD,
            "genres",
            tracks=[
                a_track(an_artist("No genres", ())),
                a_track(an_artist("Null genres", None)),
                a_track(an_artist("Absent genres", ABSENT)),
                a_track("Some genres", genres=["vocal jazz", "soul"]),
            ],
        )
    )


def _with_odd_playlists(world: Builder) -> Builder:
    track = a_track("Can", "Halleluhwah", year="1971", genres=["krautrock"])
    return (
        world.with_playlist(ODD, "empty")
        .with_playlist(ODD, "long", tracks=many_tracks(120))
        .with_playlist(ODD, "no total", tracks=[track], tells_total=False)
        .with_playlist(ODD, "no images", tracks=[track], images=None)
        .with_playlist(ODD, "no description", tracks=[track], images=0, description=None)
        .with_playlist(ODD, "no owner", tracks=[track], has_owner=False)
        .with_playlist(ODD, "neither public nor private", tracks=[track], public=None)
        .with_playlist(ODD, "private", tracks=[a_track("Secret", "Secret")], public=False)
        .with_playlist(ODD, "", tracks=[track])
        .with_playlist(ODD, ABSENT, tracks=[track])
        .with_playlist(ODD, "ק&#x27;&amp;\u200f🎧", tracks=[track], description="&lt;i&gt;")
        .with_playlist("friend", "of a friend", tracks=[a_track("Friend", "Friend")])
        .following(ODD, "friend", "of a friend")
        .with_playlist(
            "friend", "together", tracks=[track, a_row(track, added_by=ODD)], public=False, collaborators=[ODD]
        )
        .following(ODD, "friend", "together")
    )
