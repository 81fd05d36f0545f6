-- Pauses, resumes, cancels or aborts a job.
--
-- ARGV[1]  pause, resume, cancel or abort
-- ARGV[2]  the reason to keep with it
--
-- Returns {'ok', state, reminder…} with a reminder as chunk, generation, delay in ms; {'refused', state} where the
-- job's state does not allow it; {'gone'}. Asking for what is so already is no error.
local state = redis.call('HGET', JOB, 'state')
if not state then return {'gone'} end
local verb, at = ARGV[1], now()
local out = {'ok', state}
local function become(new)
  state = new
  redis.call('HSET', JOB, 'state', new, 'reason', ARGV[2])
  note(at, new, ARGV[2])
end
if verb == 'pause' then
  if state == 'running' then become('paused') elseif state ~= 'paused' then return {'refused', state} end
elseif verb == 'resume' then
  if state == 'paused' then
    become('running')
    local all = redis.call('HKEYS', WIN)
    for i = 1, #all do
      local _, expiry = split(redis.call('HGET', LEASE, all[i]))
      if not held(expiry, at) then remind(out, all[i], at, 0) end
    end
    advance(out, at)
  elseif state ~= 'running' then
    return {'refused', state}
  end
elseif verb == 'cancel' then
  if state == 'running' or state == 'paused' or state == 'scheduled' then
    if state == 'scheduled' then redis.call('HSET', JOB, 'redis', redis_id()) end -- nothing was ever sent
    become('cancelling')
  elseif state ~= 'cancelling' and state ~= 'cancelled' then
    return {'refused', state}
  end
elseif verb == 'abort' then
  if state == 'running' or state == 'paused' then become('aborting') else return {'refused', state} end
end
out[2] = settle(at)
return out
