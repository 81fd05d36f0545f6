-- Puts a run's new record in the place of the one that was read. To do so a second time changes nothing.
--
-- KEYS      the open runs, the schedule, its runs, the untold events, and the event where there is one
-- ARGV[1]   the schedule's name, [2] the run's number
-- ARGV[3]   its record as it was read, [4] the new one, [5] 1 where it is open
-- ARGV[6]   the revision that the schedule must have; '' for any
-- ARGV[7]   the ID of the event that its hook is told with it, [8] the event, [9] how long it is kept, in ms; or '' each
-- ARGV[10…] fields and values of the schedule's hash that change with it
--
-- Returns 'ok'; 'gone' where the schedule was removed, 'replaced' where it has another revision, or 'changed' where
-- somebody else has changed the run.
local open, schedule, runs, untold, event = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local is = redis.call('HGET', runs, ARGV[2])
if not is then
  redis.call('SREM', open, ARGV[1] .. '/' .. ARGV[2])
  return 'gone'
end
if is == ARGV[4] then return 'ok' end
if is ~= ARGV[3] then return 'changed' end
if ARGV[6] ~= '' and redis.call('HGET', schedule, 'rev') ~= ARGV[6] then return 'replaced' end
-- The event comes first: a Redis that comes back with half of this has the run still, which is then ended again.
if ARGV[7] ~= '' then
  redis.call('SET', event, ARGV[8], 'PX', ARGV[9])
  redis.call('SADD', untold, ARGV[7])
end
redis.call('HSET', runs, ARGV[2], ARGV[4])
redis.call(ARGV[5] == '1' and 'SADD' or 'SREM', open, ARGV[1] .. '/' .. ARGV[2])
if #ARGV > 9 then redis.call('HSET', schedule, unpack(ARGV, 10)) end
return 'ok'
