-- Puts right what was found by looking through all records of a job that is stuck: Redis has forgotten or torn what it
-- was told, or is another than the one that the job was committed to.
--
-- ARGV[1]  the job's calls and generation when the looking began, as CALLS:GEN: it must have stood still since
-- ARGV[2]  stores that succeeded
-- ARGV[3]  stores that failed
-- ARGV[4]  the undecided stores, as the pool has them; some of them, where they are very many
-- ARGV[5]  of the stores of a resync's second half: those that succeeded, [6] those that failed
-- ARGV[7]  of those that failed: stores of which a call went unanswered, where WeChat Pay can list the target's
-- ARGV[8…] pairs of a code and its failed stores
--
-- Returns {'ok', state, reminder…} with a reminder as chunk, generation, delay in ms; {'moved'} where the job did not
-- stand still, or is gone.
local state, at = redis.call('HGET', JOB, 'state'), now()
if not state or stuck(state, at) == 0 then return {'moved'} end
if text(int('calls')) .. ':' .. text(int('gen')) ~= ARGV[1] then return {'moved'} end
redis.call('HSET', JOB, 'succeeded', ARGV[2], 'failed', ARGV[3], 'doubtful', ARGV[7], 'redis', redis_id())
if redis.call('HEXISTS', JOB, 'split') == 1 then
  redis.call('HSET', JOB, 'second_succeeded', ARGV[5], 'second_failed', ARGV[6])
end
redis.call('DEL', FAIL)
for i = 8, #ARGV, 2 do redis.call('HSET', FAIL, ARGV[i], ARGV[i + 1]) end
local out = {'ok', state}
if state == 'running' then
  if ARGV[4] ~= '' then redis.call('HSET', JOB, 'pool', ARGV[4], 'tries', '1') end
  advance(out, at)
end
out[2] = settle(at)
return out
