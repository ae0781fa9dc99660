"""Who is trained on, and what has to be known of all of them before anything can be drawn: one pass over people."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.identity import point_id
from features.profile import UserId
from features.user_features import UserFeatures
from trainer.census import Census, CensusTaker
from trainer.community import fold_of
from trainer.neighbours import GALLERY
from trainer.settings import TrainerSettings

_DIGEST = 16
