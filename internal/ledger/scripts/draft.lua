-- Writes chunks of a resync's plan, before it counts (plan.lua makes it count).
--
-- ARGV[1]  the lease's token, RUN.0
-- ARGV[2]  the number of the first chunk; 0 begins anew
-- ARGV[3…] the chunks
--
-- Returns the job's state, or 'lost' where the lease is another run's by now, or the job is gone.
local state = redis.call('HGET', JOB, 'state')
local token = split(redis.call('HGET', LEASE, LISTING))
if not state or token ~= ARGV[1] then return 'lost' end
local first = tonumber(ARGV[2])
if first == 0 then redis.call('DEL', IDS) end
for i = 3, #ARGV do redis.call('HSET', IDS, text(first + i - 3), ARGV[i]) end
return state
