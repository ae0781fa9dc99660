"""Putting a proof together: questions drawn, the model and its rivals asked, the gate, the pictures' numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from features.ports import TextEncoder
from features.profile import UserId
from features.user_features import UserFeatures
from trainer.errors import TooFewPeople
from trainer.evaluation import Questions, answer, ask, by_size, cosines
from trainer.friends import Friendships
from trainer.gate import judge
from trainer.hubness import graph_health, overlap
from trainer.lessons import Say
from trainer.methods import Method
from trainer.proof import Answers, Proof, estimate, pooled
from trainer.run import text_vectors

Pairs = Sequence[tuple[str, str]]
SEEDS = "model, mean of {} seeds"


@dataclass(frozen=True)
class Examiner:
    """Questions that every method is asked, and what is needed to judge the answers."""

    questions: Questions
    friends: Friendships | None
    say: Say

    @classmethod
    def over(
        cls,
        people: Sequence[UserFeatures],
        asked: set[UserId],
        encoder: TextEncoder,
        *,
        friends: Pairs | None,
        say: Say,
    ) -> Examiner:
        """Draw the questions; always the same of the same people, whatever a model's seed was.

        Raises:
            TooFewPeople: nobody is left to ask about, or nobody with anything to ask by.
        """
        if not asked:
            raise TooFewPeople("Nobody was kept from training to evaluate on.", "Import more people.")
        say("drawing the questions")
        questions = ask(people, asked, text_vectors(people, encoder), seed=0)
        if not any(person.listening.artists for person in questions.partial):
            raise TooFewPeople("Nobody asked about has two artists or more.", "Ask about larger profiles.")
        row_of = {person.user_id: row for row, person in enumerate(questions.people)}
        return cls(questions, None if friends is None else Friendships(friends, row_of, 0), say)

    def prove(self, models: Mapping[str, Method], rivals: Mapping[str, Method], live: int | None = None) -> Proof:
        """Ask everybody everything.

        Args:
            models: the model first; of several, the gate looks at the first, and all of them are shown.
            rivals: shown beside it.
            live: version of the live model, which is then the second of ``models``; None where there is none.
        """
        answers = {name: self._answers(name, method) for name, method in {**models, **rivals}.items()}
        name, model = next(iter(models.items()))
        proof = Proof(
            asked=len(self.questions.asked),
            among=len(self.questions.people),
            figures={
                name: {metric: estimate(each) for metric, each in found.items()} for name, found in answers.items()
            },
            graph={name: graph_health(method(self.questions.people)) for name, method in {**models, **rivals}.items()},
            sizes={
                name: {bucket: estimate(each) for bucket, each in by_size(method, self.questions).items()}
                for name, method in {**models, **rivals}.items()
            },
            cosines=cosines(model, self.questions, self.friends),
        )
        if live is None:
            return proof
        return replace(proof, verdict=judge(answers[name], answers[list(models)[1]], live))

    def mean_of(self, models: Sequence[Method], proof: Proof) -> Proof:
        """``proof`` with a first line that is the mean of several models (seeds), person by person."""
        runs: list[Mapping[str, Answers]] = [answer(method, self.questions, self.friends) for method in models]
        line = {metric: estimate(pooled([run[metric] for run in runs])) for metric in runs[0]}
        return replace(proof, figures={SEEDS.format(len(models)): line, **proof.figures})

    def overlap(self, one: Method, other: Method) -> float:
        """Share of everybody's ten nearest that two models agree on."""
        return overlap(one(self.questions.people), other(self.questions.people))

    def _answers(self, name: str, method: Method) -> dict[str, Answers]:
        self.say(f"asking about {len(self.questions.asked):,} people among {len(self.questions.people):,}: {name}")
        return answer(method, self.questions, self.friends)
