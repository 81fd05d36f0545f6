-- Begins a job in staging.
--
-- ARGV[1]  for how long it lives if nobody renews it, in ms
-- ARGV[2…] fields and values of the job's hash
--
-- Returns 1, or 0 where a job of this ID exists.
if redis.call('EXISTS', JOB) == 1 then return 0 end
redis.call('HSET', JOB, 'state', 'staging', 'staged', '0', 'total', '0', 'succeeded', '0', 'failed', '0', 'next', '0',
  'chunks', '0', 'base', '0', 'created_at', text(now()), unpack(ARGV, 2))
redis.call('PEXPIRE', JOB, ARGV[1])
return 1
