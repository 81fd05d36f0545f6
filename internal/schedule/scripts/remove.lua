-- Removes a schedule with its runs. Its job goes on.
--
-- KEYS  the names, the open runs, the schedule, its runs
-- ARGV  its name
--
-- Returns 1, or 0 where there is none.
local names, open, schedule, runs = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
for _, number in ipairs(redis.call('HKEYS', runs)) do
  redis.call('SREM', open, ARGV[1] .. '/' .. number)
end
redis.call('DEL', runs)
redis.call('SREM', names, ARGV[1])
return redis.call('DEL', schedule)
