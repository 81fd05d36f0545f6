-- Lets a job run that was committed for later.
--
-- ARGV[1]  '1': now, whatever its time
-- ARGV[2]  why it cannot run although its time has come, which is kept with it; '' where it can
--
-- Returns {'ok', state, reminder…} with a reminder as chunk, generation, delay in ms; {'early', state, ms} with how long
-- it still waits; {'gone'}. A job that is not waiting for its time stays as it is.
local state = redis.call('HGET', JOB, 'state')
if not state then return {'gone'} end
local out, at = {'ok', state}, now()
if state ~= 'scheduled' then return out end
local due = redis.call('HGET', JOB, 'at')
if not due and ARGV[1] ~= '1' then return out end -- it waits for its batch
if ARGV[1] ~= '1' and tonumber(due) > at then return {'early', state, text(tonumber(due) - at)} end
if ARGV[2] ~= '' then
  redis.call('HSET', JOB, 'reason', ARGV[2])
  return out
end
redis.call('HSET', JOB, 'state', 'running', 'reason', '', 'redis', redis_id())
out[2] = 'running'
advance(out, at)
return out
