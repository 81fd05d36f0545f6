-- Puts a run's new record in the place of the one that was read. To do so a second time changes nothing.
--
-- KEYS     the open runs, the schedule, its runs
-- ARGV[1]  the schedule's name, [2] the run's number
-- ARGV[3]  its record as it was read, [4] the new one, [5] 1 where it is open
-- ARGV[6]  the revision that the schedule must have; '' for any
-- ARGV[7…] fields and values of the schedule's hash that change with it
--
-- Returns 'ok'; 'gone' where the schedule was removed, 'replaced' where it has another revision, or 'changed' where
-- somebody else has changed the run.
local open, schedule, runs = KEYS[1], KEYS[2], KEYS[3]
local is = redis.call('HGET', runs, ARGV[2])
if not is then
  redis.call('SREM', open, ARGV[1] .. '/' .. ARGV[2])
  return 'gone'
end
if is == ARGV[4] then return 'ok' end
if is ~= ARGV[3] then return 'changed' end
if ARGV[6] ~= '' and redis.call('HGET', schedule, 'rev') ~= ARGV[6] then return 'replaced' end
redis.call('HSET', runs, ARGV[2], ARGV[4])
redis.call(ARGV[5] == '1' and 'SADD' or 'SREM', open, ARGV[1] .. '/' .. ARGV[2])
if #ARGV > 6 then redis.call('HSET', schedule, unpack(ARGV, 7)) end
return 'ok'
