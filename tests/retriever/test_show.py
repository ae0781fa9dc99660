from rich.console import Console

from retriever.show import answer_view


def test_an_answer_shows_how_near_a_person_is_and_how_sure_that_is() -> None:
    person = {
        "user_id": "bob",
        "display_name": None,
        "profile_url": "https://open.spotify.com/user/bob",
        "similarity": 0.8765,
        "percentile": 99.1,
        "confidence": 0.6213,
        "shared_artists": ["Can", "Neu!"],
        "shared_genres": [],
        "towers": {"genre": None, "artist": 0.71, "playlist": 0.5},
    }
    answer = {
        "user_id": "ann",
        "model_version": 3,
        "coverage": {"genres": 0.5, "years": 1.0},
        "stored": False,
        "recommendations": [person, {**person, "user_id": "eve", "percentile": None}],
        "discoveries": [{"artist": "Faust", "people": 4, "score": 1.0}],
    }
    console = Console(width=140)

    with console.capture() as shown:
        console.print(answer_view(answer))

    text = shown.get()
    for said in ("bob", "eve", "0.876", "99.1 % of pairs", "62 % sure", "Can, Neu!", "artist 0.71", "Faust"):
        assert said in text
    assert "https://open.spotify.com/user/bob" in text
    assert text.count("nearer than") == 1
    assert "genre 0" not in text
