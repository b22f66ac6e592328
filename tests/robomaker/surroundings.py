"""A run's bucket, and where the files of the project are."""

from dataclasses import dataclass
from pathlib import Path

from deepracer_core.model_store import Storage, open_storage

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "config"
SIMULATION = ROOT / "docker" / "simulation.sh"
HEALTH = ROOT / "docker" / "health.sh"


@dataclass
class Bucket:
    """A bucket with a run's place in it, and what the environment says of it."""

    name: str
    prefix: str
    endpoint: str

    @property
    def whole(self) -> Storage:
        return open_storage(f"s3://{self.name}?endpoint_url={self.endpoint}&region=us-east-1")

    @property
    def address(self) -> str:
        """Of the run's place."""
        return f"s3://{self.name}/{self.prefix}?endpoint_url={self.endpoint}&region=us-east-1"

    @property
    def run(self) -> Storage:
        return open_storage(self.address)

    def training(self) -> dict[str, str]:
        """The variables of a training."""
        return {
            "SAGEMAKER_SHARED_S3_BUCKET": self.name,
            "SAGEMAKER_SHARED_S3_PREFIX": self.prefix,
            **self._server(),
        }

    def evaluation(self) -> dict[str, str]:
        """The variables of an evaluation."""
        return {
            "MODEL_S3_BUCKET": self.name,
            "MODEL_S3_PREFIX": self.prefix,
            **self._server(),
        }

    def _server(self) -> dict[str, str]:
        return {"S3_ENDPOINT_URL": self.endpoint, "APP_REGION": "us-east-1"}
