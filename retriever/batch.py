"""Many questions at once: each is answered for itself, and a problem with one is no problem of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from features.errors import SoundalikeError
from features.listener import Listener
from features.profile import UserId
from features.user_features import UserFeatures
from indexer.errors import IndexUnavailable
from retriever.answers import Index, Recommendations
from retriever.errors import Finding, InvalidRequest
from retriever.options import Options
from retriever.problems import Problem, problem_of
from retriever.schemas import Ask
from retriever.service import Service


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one question: an answer or a problem."""

    answer: Recommendations | None
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class Results:
    """What became of the questions, in their order; all answers are of one version of the index."""

    model_version: int
    index: Index
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class Understood:
    """A question made ready: of a listener, of somebody known, of nobody in particular, or what stands in its way."""

    asker: Listener | UserId | SoundalikeError | None
    options: Options


def understood(asks: Sequence[Ask], service: Service, id_of: Callable[[int], UserId | None]) -> list[Understood]:
    """The questions made ready; ``id_of`` gives the id for a profile without one, by the question's place.

    Raises:
        ProfileTooLarge: the profiles that fit one by one are too large together.
    """
    questions = [Understood(_asker(ask, service, id_of(place)), ask.options()) for place, ask in enumerate(asks)]
    service.must_fit(
        sum(
            ask.profile.track_count
            for ask, question in zip(asks, questions, strict=True)
            if ask.profile is not None and isinstance(question.asker, Listener)
        )
    )
    return questions


def listeners_of(questions: Sequence[Understood]) -> list[Listener]:
    """All that have to be encoded."""
    return [question.asker for question in questions if isinstance(question.asker, Listener)]


def answered(
    questions: Sequence[Understood], people: Sequence[UserFeatures], service: Service, instance: str
) -> Results:
    """The answers, one after the other.

    Args:
        questions: made ready.
        people: features of :func:`listeners_of` the questions, in their order.
        service: that answers.
        instance: path of the request, for the problems.

    Raises:
        IndexUnavailable: nobody can be answered.
    """
    encoded = iter(people)
    results = []
    with service.steady() as (steady, version):
        for question in questions:
            try:
                results.append(Result(_answer(question, encoded.__next__, steady), None))
            except IndexUnavailable:
                raise
            except SoundalikeError as error:
                results.append(Result(None, problem_of(error, instance)))
    return Results(version.model_version, version.name, tuple(results))


def people_in(answers: Iterable[Recommendations]) -> tuple[UserId, ...]:
    """Those whom the questions took in, or had been taken in before."""
    return tuple(answer.user_id for answer in answers if answer.stored and answer.user_id is not None)


def _asker(ask: Ask, service: Service, otherwise: UserId | None) -> Listener | UserId | SoundalikeError | None:
    if ask.place is not None:  # takes seconds, and so is not done for many at once
        return InvalidRequest([Finding(ask.place.kind, "what is read elsewhere is asked about one at a time")])
    if ask.profile is None:
        return ask.known_asker
    try:
        return service.listener(ask.profile, otherwise=otherwise)
    except SoundalikeError as error:
        return error


def _answer(question: Understood, encoded: Callable[[], UserFeatures], service: Service) -> Recommendations:
    if isinstance(question.asker, SoundalikeError):
        raise question.asker
    if isinstance(question.asker, Listener):
        return service.recommend(encoded(), question.options)
    return service.recommend_known(question.asker, question.options)
