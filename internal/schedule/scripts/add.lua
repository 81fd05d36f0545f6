-- Adds a schedule, or replaces it. One that is replaced keeps its runs, stays paused where it is, and keeps to its ticks
-- where these come at the same times.
--
-- KEYS  the names, the schedule
-- ARGV  its name, 1 to replace, its revision, its rhythm, its definition
--
-- Returns 'added', 'replaced', or 'exists' where there is one that is not to be replaced.
local names, schedule = KEYS[1], KEYS[2]
local exists = redis.call('EXISTS', schedule) == 1
if exists and ARGV[2] ~= '1' then return 'exists' end
local t = redis.call('TIME')
local now = string.format('%.0f', tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000))
if not exists then
  redis.call('HSET', schedule, 'paused', '0', 'seq', '0')
end
if redis.call('HGET', schedule, 'rhythm') ~= ARGV[4] then
  redis.call('HSET', schedule, 'rhythm', ARGV[4], 'last', now)
end
redis.call('HSET', schedule, 'rev', ARGV[3], 'spec', ARGV[5])
redis.call('HDEL', schedule, 'etag')
redis.call('SADD', names, ARGV[1])
return exists and 'replaced' or 'added'
