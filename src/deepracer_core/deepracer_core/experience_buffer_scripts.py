"""The experience buffer's transactions, as scripts that Redis runs as a whole or not at all.

They use nothing that is newer than Redis 6.0, which is what Ubuntu 22.04 has. An id is the server's
clock in microseconds (or the newest id plus one), so that ids grow even over the loss of all data.
A number is turned into text with `string.format`: Lua's own conversion keeps 14 digits only.
"""

APPEND = """
local segments, order, counters, arrivals, writer = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local data, sequence = ARGV[1], tonumber(ARGV[2])
local max_segments, max_bytes, remember_s = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]

if tonumber(redis.call('GET', writer) or '-1') >= sequence then
    return 0
end

local count = redis.call('ZCARD', order)
local bytes = tonumber(redis.call('HGET', counters, 'bytes') or '0')
local evicted = 0
while count > 0 and (count + 1 > max_segments or bytes + #data > max_bytes) do
    local oldest = redis.call('ZRANGE', order, 0, 0)[1]
    bytes = bytes - redis.call('HSTRLEN', segments, oldest)
    redis.call('HDEL', segments, oldest)
    redis.call('ZREM', order, oldest)
    count = count - 1
    evicted = evicted + 1
end

local time = redis.call('TIME')
local newest = tonumber(redis.call('HGET', counters, 'newest') or '0')
local id = string.format('%.0f', math.max(newest + 1, time[1] * 1000000 + time[2]))
redis.call('HSET', segments, id, data)
redis.call('ZADD', order, id, id)
redis.call('HSET', counters, 'newest', id, 'bytes', string.format('%.0f', bytes + #data))
redis.call('HINCRBY', counters, 'evicted', evicted)
local appended = redis.call('HINCRBY', counters, 'appended', 1)
redis.call('XADD', arrivals, 'MAXLEN', 1, id .. '-0', 'appended', appended)
redis.call('SET', writer, sequence, 'EX', remember_s)
return evicted
"""
"""Keys: segments, order, counters, arrivals, writer. Arguments: data, sequence number of the
writer, most segments, most bytes, seconds to remember the writer. Gives how many were evicted. A
sequence number that this writer has used before changes nothing: the answer to it was lost.
Evicting comes first, so that a server at its memory limit still takes the new one for the old."""

CLAIM = """
local order, counters = KEYS[1], KEYS[2]
local after, limit = ARGV[1], ARGV[2]

local ids = redis.call('ZRANGEBYSCORE', order, '(' .. after, '+inf', 'LIMIT', 0, limit)
local newest_claimed = redis.call('HGET', counters, 'newest_claimed') or '0'
local first_time = 0
for _, id in ipairs(ids) do
    if tonumber(id) > tonumber(newest_claimed) then
        newest_claimed = id
        first_time = first_time + 1
    end
end
if first_time > 0 then
    redis.call('HSET', counters, 'newest_claimed', newest_claimed)
    redis.call('HINCRBY', counters, 'claimed', first_time)
end
return {redis.call('HGET', counters, 'newest') or '0', ids}
"""
"""Keys: order, counters. Arguments: the newest id that the reader has, most segments. Gives the
newest id of all and the ids to be read. It may be repeated: nothing moves."""

ACKNOWLEDGE = """
local segments, order, counters = KEYS[1], KEYS[2], KEYS[3]

local acknowledged, bytes = 0, 0
for _, id in ipairs(ARGV) do
    if redis.call('ZREM', order, id) == 1 then
        bytes = bytes + redis.call('HSTRLEN', segments, id)
        redis.call('HDEL', segments, id)
        acknowledged = acknowledged + 1
    end
end
redis.call('HINCRBY', counters, 'bytes', string.format('%.0f', 0 - bytes))
redis.call('HINCRBY', counters, 'acknowledged', acknowledged)
return acknowledged
"""
"""Keys: segments, order, counters. Arguments: ids. An id that is no longer there is passed over."""

DRAW = """
local count = redis.call('ZCARD', KEYS[1])
local ids = {}
if count > 0 then
    for i, share in ipairs(ARGV) do
        local rank = math.floor(tonumber(share) * count)
        ids[i] = redis.call('ZRANGE', KEYS[1], rank, rank)[1]
    end
end
return ids
"""
"""Keys: order. Arguments: numbers in [0, 1), each the place of a segment from oldest to newest."""

STATS = """
local values = redis.call('HMGET', KEYS[2], 'bytes', 'appended', 'evicted', 'claimed',
    'acknowledged', 'newest')
local numbers = {redis.call('ZCARD', KEYS[1])}
for i = 1, 5 do
    numbers[i + 1] = tonumber(values[i] or '0')
end
numbers[7] = values[6] or '0'
return numbers
"""
"""Keys: order, counters. Gives segments, bytes, appended, evicted, claimed, acknowledged and the
newest id."""
