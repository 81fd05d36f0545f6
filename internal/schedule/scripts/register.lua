-- Registers runs of a schedule, unless anybody else did since it was looked at.
--
-- KEYS     the open runs, the schedule, its runs
-- ARGV[1]  its name
-- ARGV[2]  its revision, [3] up to when its ticks were registered, [4] the number of its last run: as they were read
-- ARGV[5]  up to when its ticks are registered from now on; '' where these runs are no ticks: then it may be paused
-- ARGV[6]  how many old runs are dropped, and their numbers behind it
-- ARGV[…]  for each new run: its number, 1 where it is open, its record
--
-- Returns 1, or 0 where something has changed.
local open, schedule, runs = KEYS[1], KEYS[2], KEYS[3]
local is = redis.call('HMGET', schedule, 'rev', 'last', 'seq', 'paused')
if is[1] ~= ARGV[2] or is[3] ~= ARGV[4] then return 0 end
if ARGV[5] ~= '' then
  if is[2] ~= ARGV[3] or is[4] == '1' then return 0 end
  redis.call('HSET', schedule, 'last', ARGV[5])
end
local at = 7 + tonumber(ARGV[6])
for i = 7, at - 1 do redis.call('HDEL', runs, ARGV[i]) end
for i = at, #ARGV, 3 do
  redis.call('HSET', runs, ARGV[i], ARGV[i + 2])
  redis.call('HSET', schedule, 'seq', ARGV[i])
  if ARGV[i + 1] == '1' then redis.call('SADD', open, ARGV[1] .. '/' .. ARGV[i]) end
end
return 1
