-- Aborts a job whose store IDs are not in Redis any more: nobody can send them.
--
-- ARGV[1]  the chunk that a run found without them, [2] the run
--
-- Returns the job's state, or 'gone'.
local state, at = redis.call('HGET', JOB, 'state'), now()
if not state then return 'gone' end
local token = split(redis.call('HGET', LEASE, ARGV[1]))
if token and string.match(token, '^[^.]*') == ARGV[2] then redis.call('HDEL', LEASE, ARGV[1]) end
if state == 'running' or state == 'paused' then
  local why = 'its list of stores is no longer in Redis, which was full and evicted it (maxmemory-policy), or lost it: ' ..
    'submit it again'
  redis.call('HSET', JOB, 'state', 'aborting', 'reason', why)
  note(at, 'aborting', why)
end
return settle(at)
