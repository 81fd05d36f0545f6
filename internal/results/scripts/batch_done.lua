-- Adds a job that has ended to its batch's sums, once.
--
-- KEYS[1]  the batch's hash, [2] the account's jobs that have had their turn
-- ARGV[1]  the job
-- ARGV[2…] pairs of a field and what is added to it
--
-- Returns 1, or 0 where it was added before.
if redis.call('SREM', KEYS[2], ARGV[1]) == 0 then return 0 end
for i = 2, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
return 1
