-- Gives a lease on a chunk to the run that a reminder started, or tells it to drop the reminder.
--
-- ARGV[1]  the chunk
-- ARGV[2]  the reminder's generation
-- ARGV[3]  the lease's token, RUN.0
-- ARGV[4]  for how long the lease holds, in ms
-- ARGV[5]  '1': only where no run has a lease, not even one that ran out
--
-- Returns {'list', …} or {'run', …} as the prelude's begin has them, or {'drop', why}.
local state = redis.call('HGET', JOB, 'state')
if state ~= 'running' then return {'drop', state or 'gone'} end
if ARGV[5] == '1' and redis.call('HEXISTS', LEASE, ARGV[1]) == 1 then return {'drop', 'leased'} end
return begin(ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), now())
