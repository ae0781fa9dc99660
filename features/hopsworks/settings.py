"""How to reach Hopsworks, read from the ``HOPSWORKS_…`` variables that its SDK knows, too, and ``.env``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_CLOUD = ".hopsworks.ai"


class HopsworksSettings(BaseSettings):
    """One project of one cluster, and the key to it."""

    model_config = SettingsConfigDict(
        env_prefix="HOPSWORKS_", env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+$")]
    """Host of the cluster, such as eu-west.cloud.hopsworks.ai."""
    project: Annotated[str, Field(min_length=1)]
    """Name of the project."""
    api_key: SecretStr
    """API key with the scopes featurestore, project, job, kafka, modelregistry, dataset.view, dataset.create and
    dataset.delete."""
    port: Annotated[int, Field(ge=1, le=65535)] = 443
    """Port of its REST API."""
    hostname_verification: bool = True
    """Whether the cluster's certificate is checked; always so in the cloud (…hopsworks.ai)."""
    trust_store_path: Path | None = None
    """PEM file of the authority that signed the certificate of a cluster of your own."""
    timeout_s: Annotated[float, Field(gt=0)] = 120.0
    """Seconds that one step may take: a login, a query, a batch read. A batch written, a deletion and a vacuum may take
    five times that, a model moved ten times."""

    @field_validator("host", mode="before")
    @classmethod
    def _one_spelling(cls, host: object) -> object:
        """The host as it is spelt in one way: by it the cloud is known, and the folder of the replica named."""
        return host.lower().removeprefix("https://").rstrip("/.") if isinstance(host, str) else host

    @model_validator(mode="after")
    def _no_way_around(self) -> Self:
        if f".{self.host}".endswith(_CLOUD) and not self.hostname_verification:
            raise ValueError("HOPSWORKS_HOSTNAME_VERIFICATION cannot be turned off for the cloud")
        if "REST_ENDPOINT" in os.environ:
            raise ValueError("REST_ENDPOINT is set, by which the SDK would pass over host, project and key: unset it")
        return self
