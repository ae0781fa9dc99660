"""The input example: whoever tries the model with it must find it to be what the model takes."""

import numpy as np

from features.sqlite.codec import decode_listening
from features.tables.columns import COLUMNS, VECTORS
from trainer.hopsworks.example import input_example


def test_it_is_made_of_columns_of_the_feature_group():
    assert input_example(8).keys() <= {column.name for column in COLUMNS}


def test_its_vectors_are_unit_vectors_of_the_text_model_s_width():
    example = input_example(384)
    for name in VECTORS:
        assert len(example[name]) == 384
        np.testing.assert_allclose(np.linalg.norm(example[name]), 1, atol=1e-3)


def test_its_artists_and_genres_have_the_weights_that_its_listening_gives_them():
    example = input_example(8)
    listening = decode_listening(example["listening"].encode())
    assert dict(zip(example["artists"], example["artist_weights"], strict=True)) == listening.artist_weights()
    assert dict(zip(example["genres"], example["genre_weights"], strict=True)) == listening.genre_weights()
    assert example["artists"] == ["Nina Simone", "Air"]
