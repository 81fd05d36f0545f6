-- Adds a job that has ended to its batch's sums, once.
--
-- KEYS[1]  the batch's hash, [2] the account's jobs that have had their turn, [3] the job's hash
-- ARGV[1]  the job, [2] its succeeded stores, as they were read: what came late since moves them (lift.lua)
-- ARGV[3…] pairs of a field and what is added to it
--
-- Returns 1, 0 where it was added before, or -1 where it has moved since it was read.
local succeeded = redis.call('HGET', KEYS[3], 'succeeded')
if succeeded and succeeded ~= ARGV[2] then return -1 end
if redis.call('SREM', KEYS[2], ARGV[1]) == 0 then return 0 end
for i = 3, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
return 1
