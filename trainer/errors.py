"""Errors of the trainer room.

TrainerError
├── BadFriends        a file of friendships cannot be read
├── UnwritableReport  the folder for a report cannot be written to
├── TooFewPeople      too little data to train or to evaluate on
├── NoModel           the registry holds no such model
├── BrokenModel       a model's files are damaged or do not fit its description
├── RanksDisagree     processes that train together do not train the same thing
├── RankLost          of processes that train together, another ended
├── UnwritableLessons  what training draws finds no room on the disk
├── TrainingUnderWay  another training works with the same files
├── RegistryUnavailable  the registry refuses, or cannot be reached
└── ModelMismatch     vectors and model do not belong together
"""

from __future__ import annotations

from features.errors import SoundalikeError


class TrainerError(SoundalikeError):
    """Root of the trainer room."""

    code, title = "trainer", "Training did not work"


class BadFriends(TrainerError):
    """A file of friendships cannot be read."""

    http_status, code, title = 422, "bad-friends", "The friendships cannot be read"


class UnwritableReport(TrainerError):
    """The folder for a report cannot be written to."""

    code, title = "unwritable-report", "The report cannot be written"


class TooFewPeople(TrainerError):
    """Too little data to train or to evaluate on."""

    http_status, code, title = 409, "too-few-people", "Too few people"


class NoModel(TrainerError):
    """The registry holds no such model."""

    http_status, code, title = 503, "no-model", "No model"


class BrokenModel(TrainerError):
    """A model's files are damaged or do not fit its description."""

    http_status, code, title = 503, "broken-model", "The model's files are damaged"


class ModelMismatch(TrainerError):
    """Vectors and model do not belong together."""

    http_status, code, title = 503, "model-mismatch", "Vectors and model do not belong together"


class RegistryUnavailable(TrainerError):
    """The model registry refuses, or cannot be reached."""

    http_status, code, title = 503, "model-registry", "The model registry is not available"


class TrainingUnderWay(TrainerError):
    """Another training works with the same files."""

    http_status, code, title = 409, "training-under-way", "Another training is under way"


class UnwritableLessons(TrainerError):
    """What training draws finds no room on the disk."""

    http_status, code, title = 507, "unwritable-lessons", "No room for what training draws"


class RanksDisagree(TrainerError):
    """Processes that torchrun started do not train the same thing."""

    http_status, code, title = 500, "ranks-disagree", "The processes do not train the same thing"

    def __init__(self) -> None:
        super().__init__(
            "The processes that torchrun started do not see the same files.",
            "Put SOUNDALIKE_HOME on a disk that all machines share, or delete training/ in it on each of them.",
        )


class NoDevice(TrainerError):
    """The device that is wished for is not there, or not for each process."""

    http_status, code, title = 503, "no-device", "No such device"

    def __init__(self, wish: str, gpus: int, processes: int) -> None:
        if 0 < gpus < processes:
            super().__init__(
                f"There are {gpus} GPUs for {processes} processes.", "Start one for each, or set SOUNDALIKE_DEVICE=cpu."
            )
        else:
            super().__init__(
                f"SOUNDALIKE_DEVICE is {wish}, but there is none that can be used.",
                "Set it to auto, which takes what there is, or install the torch that supports it.",
            )


class RankLost(TrainerError):
    """Of the processes that torchrun started, another ended, or cannot be reached."""

    http_status, code, title = 503, "rank-lost", "Another process of the training ended"

    def __init__(self, said: str) -> None:
        super().__init__(
            f"The connection to another of the processes that train together is lost: {said}.",
            "If that one does not say why it ended, it was killed, most likely for memory. What was trained is kept: "
            "the same command goes on with it.",
        )
