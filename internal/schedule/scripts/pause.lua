-- Pauses a schedule, or lets it go on. Ticks that came meanwhile are not registered.
--
-- KEYS  the schedule
-- ARGV  1 to pause it, 0 to let it go on
--
-- Returns 1, or 0 where there is none.
local schedule = KEYS[1]
if redis.call('EXISTS', schedule) == 0 then return 0 end
if ARGV[1] == '0' and redis.call('HGET', schedule, 'paused') == '1' then
  local t = redis.call('TIME')
  redis.call('HSET', schedule, 'last', string.format('%.0f', tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)))
end
redis.call('HSET', schedule, 'paused', ARGV[1])
return 1
