-- Looks for reminders of a running job that may have got lost, fills its window, and ends it where it can end.
--
-- ARGV[1]  how long a reminder may be overdue before it is suspect, in ms
-- ARGV[2]  '1': leases that ran out are their runs' still, and a job that has one does not end
-- ARGV[3]  what the clock should show, in Unix ms; 0 where nobody knows. Where it shows something else it was set, and no
--          lease tells whether it ran out: as with ARGV[2]
--
-- Returns {state, reminders, suspects, stuck, clock}: reminders to put out as chunk, generation, delay in ms (the window had
-- room, or a lease ran out: these are certain); suspects as chunk, generation, ms overdue (nobody works on them, they
-- are due: the queue must say whether it still has them); stuck is 1 where nothing is left to be done and the job has
-- not ended all the same, so that it must be looked through (check.lua); clock is what it shows, in
-- Unix ms. {'gone'} where there is no such job.

-- How far the clock may be from what it should show, in ms: a question may be that long under way.
local SET = 2000

local state = redis.call('HGET', JOB, 'state')
if not state then return {'gone'} end
local at = now()
local expected = tonumber(ARGV[3])
local beside = ARGV[2] == '1' or expected > 0 and math.abs(at - expected) > SET
if state ~= 'staging' and not (beside and redis.call('HLEN', LEASE) > 0) then state = settle(at) end
if state ~= 'running' then return {state, {}, {}, beside and 0 or stuck(state, at), text(at)} end
local out, suspects = {}, {}
local window = redis.call('HGETALL', WIN)
for i = 1, #window, 2 do
  local chunk = window[i]
  local generation, due = split(window[i + 1])
  local token, expiry = split(redis.call('HGET', LEASE, chunk))
  if due > at + CLOCK then -- by another clock: whether it is late shows from now on
    due = at
    redis.call('HSET', WIN, chunk, generation .. ':' .. text(due))
  end
  if expiry and not held(expiry, at) and not beside then
    redis.call('HDEL', LEASE, chunk)
    vanished(chunk, token)
    remind(out, chunk, at, 0)
  elseif not expiry and due + tonumber(ARGV[1]) <= at then
    suspects[#suspects + 1] = chunk
    suspects[#suspects + 1] = generation
    suspects[#suspects + 1] = text(at - due)
  end
end
advance(out, at)
return {state, out, suspects, beside and 0 or stuck(state, at), text(at)}
