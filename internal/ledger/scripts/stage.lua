-- Adds chunks to a job in staging and renews its expiry; without chunks, renews alone. Adding the same chunks a second
-- time (the first answer was lost) changes nothing.
--
-- ARGV[1]  for how long the job lives if nobody renews it, in ms
-- ARGV[2]  how many stores the chunks hold
-- ARGV[3]  the number of the first chunk
-- ARGV[4…] the chunks
--
-- Returns 1, or 0 where the job is not in staging (any more).
if redis.call('HGET', JOB, 'state') ~= 'staging' then return 0 end
local first, new = tonumber(ARGV[3]), 0
for i = 4, #ARGV do
  new = new + redis.call('HSET', IDS, text(first + i - 4), ARGV[i])
end
if new > 0 then redis.call('HINCRBY', JOB, 'staged', ARGV[2]) end
redis.call('PEXPIRE', JOB, ARGV[1])
redis.call('PEXPIRE', IDS, ARGV[1])
return 1
