-- What a look begins with.
--
-- KEYS  the names, the open runs, the untold events
-- ARGV  how many of the events at the most
--
-- Returns the time in ms, the names, the open runs, the IDs of events.
local t = redis.call('TIME')
local now = string.format('%.0f', tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000))
return {now, redis.call('SMEMBERS', KEYS[1]), redis.call('SMEMBERS', KEYS[2]), redis.call('SRANDMEMBER', KEYS[3], ARGV[1])}
