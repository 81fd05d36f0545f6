-- Registers runs of a schedule, unless anybody else did since it was looked at.
--
-- KEYS     the open runs, the schedule, its runs, the untold events, and the events that there are
-- ARGV[1]  its name
-- ARGV[2]  its revision, [3] up to when its ticks were registered, [4] the number of its last run: as they were read
-- ARGV[5]  up to when its ticks are registered from now on; '' where these runs are no ticks: then it may be paused
-- ARGV[6]  how many old runs are dropped, and their numbers behind it
-- ARGV[…]  how long events are kept, in ms
-- ARGV[…]  for each new run: its number, 1 where it is open, its record, and the ID of the event that its hook is told
--          with it, and the event; or '' each
--
-- Returns 1, or 0 where something has changed.
local open, schedule, runs, untold = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local is = redis.call('HMGET', schedule, 'rev', 'last', 'seq', 'paused')
if is[1] ~= ARGV[2] or is[3] ~= ARGV[4] then return 0 end
if ARGV[5] ~= '' then
  if is[2] ~= ARGV[3] or is[4] == '1' then return 0 end
end
local at = 8 + tonumber(ARGV[6])
-- Events come first: a Redis that comes back with half of this has the ticks still, which are then registered again.
local events = 4
for i = at, #ARGV, 5 do
  if ARGV[i + 3] ~= '' then
    events = events + 1
    redis.call('SET', KEYS[events], ARGV[i + 4], 'PX', ARGV[at - 1])
    redis.call('SADD', untold, ARGV[i + 3])
  end
end
if ARGV[5] ~= '' then redis.call('HSET', schedule, 'last', ARGV[5]) end
for i = 7, at - 2 do redis.call('HDEL', runs, ARGV[i]) end
for i = at, #ARGV, 5 do
  redis.call('HSET', runs, ARGV[i], ARGV[i + 2])
  redis.call('HSET', schedule, 'seq', ARGV[i])
  if ARGV[i + 1] == '1' then redis.call('SADD', open, ARGV[1] .. '/' .. ARGV[i]) end
end
return 1
