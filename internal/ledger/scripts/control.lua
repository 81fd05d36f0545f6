-- Pauses, resumes, cancels or aborts a job.
--
-- ARGV[1]  the reason to keep with it
-- ARGV[2…] pairs of a state and the one that it leads to (job.Verb)
--
-- Returns {'ok', state, reminder…} with a reminder as chunk, generation, delay in ms; {'refused', state} where the
-- job's state does not allow it; {'gone'}. Asking for what is so already is no error.
local state = redis.call('HGET', JOB, 'state')
if not state then return {'gone'} end
local reason, at = ARGV[1], now()
local to = {}
for i = 2, #ARGV, 2 do to[ARGV[i]] = ARGV[i + 1] end
if not to[state] then return {'refused', state} end
local out = {'ok', state}
local function become(new)
  state = new
  redis.call('HSET', JOB, 'state', new, 'reason', reason)
  note(at, new, reason)
end
if to[state] ~= state then
  if state == 'scheduled' then redis.call('HSET', JOB, 'redis', redis_id()) end -- nothing was ever sent
  become(to[state])
  if state == 'running' then -- it is resumed
    local all = redis.call('HKEYS', WIN)
    for i = 1, #all do
      local _, expiry = split(redis.call('HGET', LEASE, all[i]))
      if not held(expiry, at) then remind(out, all[i], at, 0) end
    end
    advance(out, at)
  end
end
out[2] = settle(at)
return out
