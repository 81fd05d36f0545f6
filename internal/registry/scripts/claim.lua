-- Points a target at the job that is at work on it. Alone among the scripts it has no job's keys.
--
-- KEYS[1]  the target's pointer
-- ARGV[1]  whom it must point at now, or '' for nobody
-- ARGV[2]  whom it points at from now on, or '' for nobody
-- ARGV[3]  for how long, in ms
-- ARGV[4]  '1' for a lock, whose owner says again and again that it is there: one that lasts far too long is nobody's
--
-- Returns whom it points at now, or '' for nobody.
local current = redis.call('GET', KEYS[1]) or ''
-- What outlives anything that is ever asked for was written by a clock that has been set back since: a dead owner would keep
-- it for as long.
if redis.call('PTTL', KEYS[1]) > 2 * tonumber(ARGV[3]) + 60000 and ARGV[2] ~= '' and ARGV[4] == '1' then current = '' end
if current ~= ARGV[1] then return current end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return ARGV[2]
