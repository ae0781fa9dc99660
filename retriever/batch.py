"""Many questions at once: each is answered for itself, and a problem with one is no problem of the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from features.errors import SoundalikeError
from features.listener import Listener
from features.profile import UserId
from features.user_features import UserFeatures
from retriever.answers import Recommendations
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
    """What became of the questions, in their order."""

    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class Understood:
    """A question made ready: of a listener, of somebody known, or what stands in its way."""

    asker: Listener | UserId | SoundalikeError
    options: Options


def understood(asks: Sequence[Ask], service: Service, id_of: Callable[[int], UserId | None]) -> list[Understood]:
    """The questions made ready; ``id_of`` gives the id for a profile without one, by the question's place."""
    return [Understood(_asker(ask, service, id_of(place)), ask.options()) for place, ask in enumerate(asks)]


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
    """
    encoded = iter(people)
    results = []
    for question in questions:
        try:
            results.append(Result(_answer(question, encoded.__next__, service), None))
        except SoundalikeError as error:
            results.append(Result(None, problem_of(error, instance)))
    return Results(tuple(results))


def _asker(ask: Ask, service: Service, otherwise: UserId | None) -> Listener | UserId | SoundalikeError:
    if ask.profile is None:
        return UserId(ask.user_id or "")
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
