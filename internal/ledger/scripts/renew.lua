-- Renews a lease.
--
-- ARGV[1]  the chunk
-- ARGV[2]  the run that the lease was given to: its token up to the dot
-- ARGV[3]  for how long it holds from now, in ms
--
-- Returns the job's state, or 'lost' where the lease is another run's by now, or the job is gone.
local state = redis.call('HGET', JOB, 'state')
local token = split(redis.call('HGET', LEASE, ARGV[1]))
if not state or not token or string.match(token, '^[^.]*') ~= ARGV[2] then return 'lost' end
redis.call('HSET', LEASE, ARGV[1], token .. ':' .. text(now() + tonumber(ARGV[3])))
return state
