-- Takes over that stores of a job that has ended succeeded after all, which had failed: outcomes only move up, and the job's
-- figures with them, and those of its batch where they are among its sums already.
--
-- KEYS[13] the batch's hash, [14] the account's jobs that are not among its sums yet; neither for a job without a batch
-- ARGV[1]  the job
-- ARGV[2]  stores that moved from failed to succeeded
-- ARGV[3]  how many records follow
-- then     the records as triples of chunk, old, new; pairs of a code and its failed stores, net
--
-- Returns {'ok'}; {'conflict', record…} with all the records as they are now; {'gone'} where the job is not there, or has
-- not ended.
local state = redis.call('HGET', JOB, 'state')
if state ~= 'completed' and state ~= 'cancelled' and state ~= 'aborted' then return {'gone'} end
local last = 3 + 3 * tonumber(ARGV[3])
for i = 4, last, 3 do
  if (redis.call('HGET', REC, ARGV[i]) or '') ~= ARGV[i + 1] then
    local current = {'conflict'}
    for j = 4, last, 3 do current[#current + 1] = redis.call('HGET', REC, ARGV[j]) or '' end
    return current
  end
end
for i = 4, last, 3 do redis.call('HSET', REC, ARGV[i], ARGV[i + 2]) end
local batch = KEYS[13] and redis.call('EXISTS', KEYS[13]) == 1 and redis.call('SISMEMBER', KEYS[14], ARGV[1]) == 0
local function move(field, by)
  redis.call('HINCRBY', JOB, field, by)
  if batch and (field == 'succeeded' or field == 'failed') then redis.call('HINCRBY', KEYS[13], field, by) end
end
move('succeeded', ARGV[2])
move('failed', '-' .. ARGV[2])
local second = redis.call('HGET', JOB, 'split')
if second and tonumber(ARGV[4]) >= tonumber(second) then -- all stores of a call are of one half of a resync's list
  move('second_succeeded', ARGV[2])
  move('second_failed', '-' .. ARGV[2])
end
for i = last + 1, #ARGV, 2 do
  redis.call('HINCRBY', FAIL, ARGV[i], ARGV[i + 1])
  if batch then redis.call('HINCRBY', KEYS[13], 'fail:' .. ARGV[i], ARGV[i + 1]) end
end
return {'ok'}
