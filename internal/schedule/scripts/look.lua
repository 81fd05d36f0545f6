-- What a look begins with.
--
-- KEYS  the names, the open runs
--
-- Returns the time in ms, the names, the open runs.
local t = redis.call('TIME')
local now = string.format('%.0f', tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000))
return {now, redis.call('SMEMBERS', KEYS[1]), redis.call('SMEMBERS', KEYS[2])}
