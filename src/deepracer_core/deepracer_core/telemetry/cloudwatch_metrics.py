"""Metrics in CloudWatch, among them the one that the original's simulation writes.

Limits of a request: Amazon CloudWatch API Reference, PutMetricData.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from deepracer_core.telemetry import aws
from deepracer_core.telemetry.delivery import Bounds, Delivery
from deepracer_core.telemetry.identity import current_identity
from deepracer_core.telemetry.metric_table import BY_NAME

NAMESPACE = "AWSDeepRacer"
REWARD_SCORE = "TrainingRewardScore"
"""What the original's simulation calls the sum of rewards of a training episode."""

_UNITS = {"s": "Seconds", "%": "Percent", "1/s": "Count/Second", "bytes": "Bytes"}
_LARGEST = 2.0**360
_DATUM_BYTES = 1000
"""More than a value takes in a request, which may have a million bytes."""

BOUNDS = Bounds(
    waiting_items=20_000,
    waiting_bytes=20_000 * _DATUM_BYTES,
    batch_items=500,
    batch_bytes=500 * _DATUM_BYTES,
    period_s=30.0,
    close_s=2.0,
)

_LOG = logging.getLogger(__name__)


class CloudWatchMetrics:
    """Sends metrics to CloudWatch; never waits for it.

    The namespace is METRIC_NAMESPACE, or AWSDeepRacer; each value has the dimensions Run and, of a
    worker, Worker. Besides, the reward of each training episode is METRIC_NAME, or
    TrainingRewardScore, with the one dimension TRAINING_JOB_ARN: the variable of that name, or the
    run's name. The three variables are what the original's simulation is told.

    Args:
        bounds: how much waits and goes at once.
    """

    def __init__(self, bounds: Bounds = BOUNDS) -> None:
        self._namespace = os.environ.get("METRIC_NAMESPACE") or NAMESPACE
        self._reward_score = os.environ.get("METRIC_NAME") or REWARD_SCORE
        self._client: Any = None
        self._delivery: Delivery[dict[str, Any]] = Delivery(
            "metrics", "CloudWatch", self._send, lambda _: _DATUM_BYTES, bounds
        )

    @property
    def delivery(self) -> Delivery[dict[str, Any]]:
        """What is on its way."""
        return self._delivery

    def record(self, values: Mapping[str, float]) -> None:
        """See `MetricSink`."""
        who = current_identity()
        now = datetime.now(timezone.utc)
        run = who.run or "default"
        dimensions = {"Run": run}
        if who.worker is not None:
            dimensions["Worker"] = str(who.worker)
        for name, value in values.items():
            unit = _UNITS.get(BY_NAME[name].unit, "None")
            self._put(name, value, unit, now, dimensions)
        if "episodes/reward" in values:
            job = os.environ.get("TRAINING_JOB_ARN") or run
            reward = values["episodes/reward"]
            self._put(self._reward_score, reward, "None", now, {"TRAINING_JOB_ARN": job})

    def close(self) -> None:
        """See `MetricSink`."""
        left = self._delivery.close()
        if left or self._delivery.dropped:
            _LOG.warning(
                "CloudWatch did not get %d values of metrics", left + self._delivery.dropped
            )

    def _put(
        self, name: str, value: float, unit: str, time: datetime, dimensions: Mapping[str, str]
    ) -> None:
        if abs(value) < _LARGEST:
            datum = {
                "MetricName": name,
                "Value": value,
                "Unit": unit,
                "Timestamp": time,
                "Dimensions": [{"Name": key, "Value": text} for key, text in dimensions.items()],
            }
            self._delivery.put(datum)

    def _send(self, data: Sequence[dict[str, Any]]) -> int:
        try:
            if self._client is None:
                self._client = aws.open_client("cloudwatch")
            self._client.put_metric_data(Namespace=self._namespace, MetricData=list(data))
        except aws.RAISED as error:
            if not aws.is_unfit(error):
                raise aws.explain(error) from error
            _LOG.error("CloudWatch refuses %d values for good: %s", len(data), error)
            return len(data)
        return 0
