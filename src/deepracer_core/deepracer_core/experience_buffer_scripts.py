"""The experience buffer's transactions, as scripts that Redis runs as a whole or not at all.

They use nothing that is newer than Redis 6.0, which is what Ubuntu 22.04 has. An id is the server's
clock in microseconds (or the newest id plus one), so that ids grow even over the loss of all data.
A number is turned into text with `string.format`: Lua's own conversion keeps 14 digits only.

The first five keys are the same in all that change something: segments, places, objects, garbage,
order.
"""

_KEYS = """
local segments, places, objects, garbage, order = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
"""

_FORGET = """
local function forget(id)
    local place = redis.call('HGET', places, id)
    if not place then
        local size = redis.call('HSTRLEN', segments, id)
        redis.call('HDEL', segments, id)
        redis.call('ZREM', order, id)
        return size
    end
    local size, key = string.match(place, '^(%d+) %d+ (.*)$')
    redis.call('HDEL', places, id)
    redis.call('ZREM', order, id)
    if redis.call('HINCRBY', objects, key, -1) <= 0 then
        redis.call('HDEL', objects, key)
        redis.call('SADD', garbage, key)
    end
    return tonumber(size)
end
"""
"""Takes a segment out of the buffer and gives its size. The key of an object of which it was the
last segment goes to the garbage. Deleting comes first: a server at its memory limit lets a script
that has begun to write go on."""

APPEND = (
    _KEYS
    + _FORGET
    + """
local counters, arrivals, writer = KEYS[6], KEYS[7], KEYS[8]
local sequence, remember_s = tonumber(ARGV[1]), ARGV[2]
local max_segments, max_bytes, key = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local first, added = 6, #ARGV - 5

if tonumber(redis.call('GET', writer) or '-1') >= sequence then
    return 0
end

local added_bytes = 0
for i = first, #ARGV do
    added_bytes = added_bytes + (key == '' and #ARGV[i] or tonumber(ARGV[i]))
end
local count = redis.call('ZCARD', order)
local bytes = tonumber(redis.call('HGET', counters, 'bytes') or '0')
local evicted = 0
while count > 0 and (count + added > max_segments or bytes + added_bytes > max_bytes) do
    bytes = bytes - forget(redis.call('ZRANGE', order, 0, 0)[1])
    count = count - 1
    evicted = evicted + 1
end

local time = redis.call('TIME')
local newest = tonumber(redis.call('HGET', counters, 'newest') or '0')
local id = math.max(newest + 1, time[1] * 1000000 + time[2])
for i = first, #ARGV do
    newest = string.format('%.0f', id + i - first)
    if key == '' then
        redis.call('HSET', segments, newest, ARGV[i])
    else
        redis.call('HSET', places, newest, ARGV[i] .. ' ' .. (i - first) .. ' ' .. key)
        redis.call('HINCRBY', objects, key, 1)
    end
    redis.call('ZADD', order, newest, newest)
end
redis.call('HSET', counters, 'newest', newest, 'bytes', string.format('%.0f', bytes + added_bytes))
redis.call('HINCRBY', counters, 'evicted', evicted)
local appended = redis.call('HINCRBY', counters, 'appended', added)
redis.call('XADD', arrivals, 'MAXLEN', 1, newest .. '-0', 'appended', appended)
redis.call('SET', writer, sequence, 'EX', remember_s)
return evicted
"""
)
"""Keys: the five, counters, arrivals, writer. Arguments: sequence number of the writer, seconds to
remember it, most segments, most bytes, key of the object that the segments are in, then each
segment; without a key (an empty one) the segment itself, with one its size. Gives how many were
evicted. A sequence number that this writer has used before changes nothing: the answer to it was
lost. Evicting comes first, so that a server at its memory limit still takes the new for the old."""

REMOVE = (
    _KEYS
    + _FORGET
    + """
local counters, counter = KEYS[6], ARGV[1]

local removed, bytes = 0, 0
for i = 2, #ARGV do
    if redis.call('ZSCORE', order, ARGV[i]) then
        bytes = bytes + forget(ARGV[i])
        removed = removed + 1
    end
end
redis.call('HINCRBY', counters, 'bytes', string.format('%.0f', 0 - bytes))
redis.call('HINCRBY', counters, counter, removed)
return removed
"""
)
"""Keys: the five, counters. Arguments: the counter, acknowledged or lost, then ids. An id that is
no longer there is passed over."""

CLEAR = (
    _KEYS
    + """
local counters, arrivals = KEYS[6], KEYS[7]
for _, key in ipairs(redis.call('HKEYS', objects)) do
    redis.call('SADD', garbage, key)
end
redis.call('DEL', segments, places, objects, order, counters, arrivals)
"""
)
"""Keys: the five, counters, arrivals."""

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
    'acknowledged', 'lost', 'late', 'newest')
local numbers = {redis.call('ZCARD', KEYS[1])}
for i = 1, 7 do
    numbers[i + 1] = tonumber(values[i] or '0')
end
numbers[9] = values[8] or '0'
return numbers
"""
"""Keys: order, counters. Gives segments, bytes, appended, evicted, claimed, acknowledged, lost,
late and the newest id."""
