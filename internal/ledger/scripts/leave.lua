-- Gives the lease on listing back, and puts out a new reminder if the job runs.
--
-- ARGV[1]  the lease's token, RUN.0
-- ARGV[2]  before which the reminder is not due, in ms
-- ARGV[3]  why the job must be aborted, or ''
-- ARGV[4]  '1': begin again with the first page, which is counted
--
-- Returns {'ok', state, reminder…} with a reminder as chunk, generation, delay in ms; {'lost'}.
local state = redis.call('HGET', JOB, 'state')
local token = split(redis.call('HGET', LEASE, LISTING))
if not state or token ~= ARGV[1] then return {'lost'} end
local out, at = {'ok', state}, now()
redis.call('HDEL', LEASE, LISTING)
if ARGV[4] == '1' then
  redis.call('DEL', LIST)
  redis.call('HSET', JOB, 'token', '', 'pages', '0', 'listed', '0', 'strange', '0')
  redis.call('HINCRBY', JOB, 'rounds', 1)
end
if ARGV[3] ~= '' and (state == 'running' or state == 'paused') then
  state = 'aborting'
  redis.call('HSET', JOB, 'state', state, 'reason', ARGV[3])
  note(at, state, ARGV[3])
end
if state == 'running' then remind(out, LISTING, at, tonumber(ARGV[2])) end
out[2] = settle(at)
return out
