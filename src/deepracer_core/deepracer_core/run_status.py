"""What the run's processes tell each other and the live display: episodes driven, trainer's state.

Keys in Redis: `deepracer:{RUN}:episodes`, a bounded stream of episode records as JSON;
`deepracer:{RUN}:trainer`, the newest state of the trainer as JSON; `deepracer:{RUN}:begun`, by
worker the number of the episode that it last began with; `deepracer:{RUN}:trained`, by worker how
many of its training episodes have ended; and `deepracer:{RUN}:reporter:NAME`, the last sequence
number of a process that adds records.
"""

import json
import uuid
from collections.abc import Mapping
from typing import Any, cast

import redis

from deepracer_core.episode import EpisodeRecord

_REPORTER_REMEMBERED_S = 24 * 3600
# A blocking command must end well before the socket's timeout, or a quiet server looks dead.
_LONGEST_BLOCK_S = 2.0

_ADD_EPISODE = """
local episodes, reporter, trained = KEYS[1], KEYS[2], KEYS[3]
local record, sequence, max_episodes, remember_s = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local mode, worker = ARGV[5], ARGV[6]
if tonumber(redis.call('GET', reporter) or '-1') < tonumber(sequence) then
    redis.call('XADD', episodes, 'MAXLEN', '~', max_episodes, '*', 'record', record)
    redis.call('SET', reporter, sequence, 'EX', remember_s)
    if mode == 'training' then
        redis.call('HINCRBY', trained, worker, 1)
    end
end
"""


class RunStatus:
    """One run's episode records and the trainer's state in Redis.

    Every method raises `redis.RedisError` when Redis is away.

    Args:
        client: from `deepracer_core.redis_connection.connect`.
        run: name of the run.
        max_episodes: about how many records are kept, the newest.
    """

    def __init__(self, client: redis.Redis, run: str, max_episodes: int = 20_000) -> None:
        self._client = client
        self._max_episodes = max_episodes
        prefix = f"deepracer:{{{run}}}:"
        self._episodes = prefix + "episodes"
        self._trainer = prefix + "trainer"
        self._begun = prefix + "begun"
        self._trained = prefix + "trained"
        self._reporter = f"{prefix}reporter:{uuid.uuid4().hex}"
        self._sequence = 0
        self._add_episode: Any = client.register_script(_ADD_EPISODE)

    def add_episode(self, record: EpisodeRecord, sequence: int | None = None) -> None:
        """Add the record of an episode that has ended.

        Args:
            record: how it went.
            sequence: number of this record in the order of this object's records; one that is
                added again with the same number is there once. Counted by itself when left out.
        """
        if sequence is None:
            sequence = self._sequence
            self._sequence += 1
        limits = (self._max_episodes, _REPORTER_REMEMBERED_S)
        self._add_episode(
            keys=(self._episodes, self._reporter, self._trained),
            args=(record.to_json(), sequence, *limits, record.mode, record.worker),
        )

    def episodes(
        self, after: str = "0", limit: int = 1000, block_s: float = 0.0
    ) -> list[tuple[str, EpisodeRecord]]:
        """Read records, oldest first.

        Args:
            after: id of the last record that is known; "0" begins with the oldest.
            limit: most records to read.
            block_s: when there is none, how long to wait for one, seconds; two at most.

        Returns:
            (id, record) of each.
        """
        found = self._range(after, limit)
        block_ms = int(1000 * min(block_s, _LONGEST_BLOCK_S))
        if not found and block_ms > 0:
            self._client.xread({self._episodes: after}, count=1, block=block_ms)
            found = self._range(after, limit)
        return found

    def begin_worker(self, worker: int) -> int:
        """Begin, or go on, with a worker's episodes.

        Segments of an episode that never ended may be in the buffer: its number is not used again,
        else the trainer would take two episodes for one.

        Args:
            worker: its index.

        Returns:
            Number of its first episode from now on; a number is left out at each new beginning.
        """
        numbers = [
            each.number
            for _, each in self.episodes(limit=self._max_episodes)
            if each.worker == worker
        ]
        begun = cast("bytes | None", self._client.hget(self._begun, str(worker)))
        first = max(
            0 if begun is None else int(begun) + 1,
            max(numbers) + 2 if numbers else 0,
        )
        self._client.hset(self._begun, str(worker), first)
        return first

    def trained(self, worker: int) -> int:
        """How many training episodes of a worker have ended, evaluations left out.

        Args:
            worker: its index.
        """
        return int(cast("bytes | None", self._client.hget(self._trained, str(worker))) or 0)

    def set_trainer(self, status: Mapping[str, Any]) -> None:
        """Tell the trainer's state.

        Args:
            status: anything that JSON can hold.
        """
        self._client.set(self._trainer, json.dumps(dict(status)))

    def trainer(self) -> dict[str, Any] | None:
        """The trainer's newest state; None before the first."""
        text = cast("bytes | None", self._client.get(self._trainer))
        return None if text is None else cast("dict[str, Any]", json.loads(text))

    def clear(self) -> None:
        """Forget the episodes and the trainer's state of the run."""
        self._client.delete(self._episodes, self._trainer, self._begun, self._trained)

    def _range(self, after: str, limit: int) -> list[tuple[str, EpisodeRecord]]:
        # The exclusive ranges of later servers are not in Redis 6.0: the known one comes first.
        entries = cast(
            "list[tuple[bytes, dict[bytes, bytes]]]",
            self._client.xrange(self._episodes, min=after, count=limit + 1),
        )
        records = [
            (name.decode(), EpisodeRecord.from_json(fields[b"record"])) for name, fields in entries
        ]
        return [each for each in records if each[0] != after][:limit]
