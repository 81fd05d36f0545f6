-- Points a target at the job that is at work on it. Alone among the scripts it has no job's keys.
--
-- KEYS[1]  the target's pointer
-- ARGV[1]  whom it must point at now, or '' for nobody
-- ARGV[2]  whom it points at from now on, or '' for nobody
-- ARGV[3]  for how long, in ms
--
-- Returns whom it points at now, or '' for nobody.
local current = redis.call('GET', KEYS[1]) or ''
if current ~= ARGV[1] then return current end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return ARGV[2]
