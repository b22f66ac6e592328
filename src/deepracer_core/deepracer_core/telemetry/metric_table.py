"""Every metric, declared once: docs/metrics.md has the same table, and a test compares them.

Names are those of TensorBoard and CloudWatch; Prometheus allows no slash (`prometheus_name`).
"""

from dataclasses import dataclass

TRAINER = "trainer"
WORKER = "worker"
BOTH = "trainer, worker"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: never changes its meaning.
        kind: gauge: the newest value; counter: a total that only grows, since the run began
            (trainer) or since the process was started (worker).
        unit: of its values; 1 where they have none.
        source: which processes have it.
        meaning: what it says.
    """

    name: str
    kind: str
    unit: str
    source: str
    meaning: str

    @property
    def prometheus_name(self) -> str:
        """Its name for Prometheus: `losses/entropy` is `deepracer_losses_entropy` there."""
        total = "_total" if self.kind == "counter" else ""
        return f"deepracer_{self.name.replace('/', '_')}{total}"


METRICS = (
    Metric("charts/version", "gauge", "1", TRAINER, "newest model version"),
    Metric("charts/iterations", "counter", "1", TRAINER, "updates made"),
    Metric("charts/episodes", "counter", "1", TRAINER, "episodes learnt from"),
    Metric("charts/steps", "counter", "steps", TRAINER, "steps learnt from"),
    Metric("charts/samples", "counter", "1", TRAINER, "steps times how often they were used"),
    Metric("charts/iteration_episodes", "gauge", "1", TRAINER, "episodes in the newest update"),
    Metric("charts/iteration_steps", "gauge", "steps", TRAINER, "steps in it"),
    Metric("charts/episodic_return", "gauge", "reward", TRAINER, "mean return of its episodes"),
    Metric("charts/policy_lag", "gauge", "versions", TRAINER, "mean age of its experience"),
    Metric("charts/samples_per_second", "gauge", "1/s", TRAINER, "speed of the update"),
    Metric("charts/publish_seconds", "gauge", "s", TRAINER, "time to store the version"),
    Metric("charts/best_version", "gauge", "1", TRAINER, "version that drives best"),
    Metric("charts/best_completion", "gauge", "%", TRAINER, "its mean completion of the lap"),
    Metric("charts/stale_segments", "counter", "1", TRAINER, "dropped: their policy is too old"),
    Metric("charts/broken_segments", "counter", "1", TRAINER, "dropped: they cannot be read"),
    Metric("charts/undone_updates", "counter", "1", TRAINER, "updates that broke and were undone"),
    Metric("buffer/segments", "gauge", "1", TRAINER, "of experience, in the buffer"),
    Metric("buffer/bytes", "gauge", "bytes", TRAINER, "their size"),
    Metric("buffer/appended", "counter", "1", TRAINER, "segments ever written"),
    Metric("buffer/evicted", "counter", "1", TRAINER, "of these, that had to make room"),
    Metric("buffer/late", "counter", "1", TRAINER, "objects of experience that were late"),
    Metric("buffer/lost", "counter", "1", TRAINER, "segments given up: their object did not come"),
    Metric("losses/total", "gauge", "1", TRAINER, "PPO: the loss"),
    Metric("losses/policy", "gauge", "1", TRAINER, "the policy's part of the loss"),
    Metric("losses/value", "gauge", "1", TRAINER, "PPO: the value's part"),
    Metric("losses/entropy", "gauge", "nats", TRAINER, "of the policy"),
    Metric("losses/approx_kl", "gauge", "nats", TRAINER, "PPO: how far the policy moved"),
    Metric("losses/clip_fraction", "gauge", "1", TRAINER, "PPO: share of samples at the clip"),
    Metric("losses/gradient_norm", "gauge", "1", TRAINER, "before it is scaled down"),
    Metric("losses/explained_variance", "gauge", "1", TRAINER, "PPO: how well returns were known"),
    Metric("losses/return_scale", "gauge", "reward", TRAINER, "PPO: running size of returns"),
    Metric("losses/critic", "gauge", "1", TRAINER, "SAC: the critics' error"),
    Metric("losses/q_value", "gauge", "1", TRAINER, "SAC: what the critics say"),
    Metric("losses/temperature", "gauge", "1", TRAINER, "SAC: weight of the entropy"),
    Metric("losses/policy_gradient_norm", "gauge", "1", TRAINER, "SAC: before it is scaled down"),
    Metric("losses/reward_scale", "gauge", "reward", TRAINER, "SAC: running size of rewards"),
    Metric("losses/replay_steps", "gauge", "steps", TRAINER, "SAC: steps remembered"),
    Metric("episodes/reward", "gauge", "reward", WORKER, "sum of rewards of the last episode"),
    Metric("episodes/progress", "gauge", "%", WORKER, "of the lap, where it ended"),
    Metric("episodes/steps", "gauge", "steps", WORKER, "its length"),
    Metric("episodes/seconds", "gauge", "s", WORKER, "its length, simulated, with penalties"),
    Metric("episodes/lap_seconds", "gauge", "s", WORKER, "the same of the last complete lap"),
    Metric("episodes/version", "gauge", "1", WORKER, "model version that drove it; 0: at random"),
    Metric("evaluations/reward", "gauge", "reward", WORKER, "as episodes/reward, in evaluations"),
    Metric("evaluations/progress", "gauge", "%", WORKER, "as episodes/progress"),
    Metric("evaluations/steps", "gauge", "steps", WORKER, "as episodes/steps"),
    Metric("evaluations/seconds", "gauge", "s", WORKER, "as episodes/seconds"),
    Metric("evaluations/lap_seconds", "gauge", "s", WORKER, "as episodes/lap_seconds"),
    Metric("evaluations/version", "gauge", "1", WORKER, "as episodes/version"),
    Metric("worker/steps", "counter", "steps", WORKER, "driven, in episodes that ended"),
    Metric("worker/episodes", "counter", "1", WORKER, "that ended"),
    Metric("worker/laps", "counter", "1", WORKER, "complete ones of them"),
    Metric("worker/lost_episodes", "counter", "1", WORKER, "given up: a frame was missing"),
    Metric("worker/untraced_episodes", "counter", "1", WORKER, "left out of the trace"),
    Metric("worker/delivered", "counter", "1", WORKER, "segments and records brought to Redis"),
    Metric("worker/undelivered", "counter", "1", WORKER, "of these, dropped"),
    Metric("worker/backlog", "gauge", "1", WORKER, "of these, waiting"),
    Metric("telemetry/dropped", "counter", "1", BOTH, "events and values CloudWatch did not get"),
)

BY_NAME = {metric.name: metric for metric in METRICS}
