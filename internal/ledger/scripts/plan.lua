-- Makes a resync's plan count: from here on the job's chunks are what it sends.
--
-- ARGV[1]  the lease's token, RUN.0
-- ARGV[2]  chunks to associate, [3] stores to associate; then [4] chunks and [5] stores to disassociate
-- ARGV[6]  stores in line, [7] missing, [8] too much
-- ARGV[9]  why the job must be aborted, or ''
-- ARGV[10] '1': the plan is all that was asked for
-- ARGV[11] for how long such a plan is kept, in ms
--
-- Returns {'ok', state, reminder…} with a reminder as chunk, generation, delay in ms; {'missing', chunks} where the plan
-- is not all there; {'lost'}.
local state = redis.call('HGET', JOB, 'state')
local token = split(redis.call('HGET', LEASE, LISTING))
if not state or token ~= ARGV[1] then return {'lost'} end
local out, at = {'ok', state}, now()
local chunks, stores = tonumber(ARGV[2]) + tonumber(ARGV[4]), tonumber(ARGV[3]) + tonumber(ARGV[5])
if redis.call('HLEN', IDS) ~= chunks then return {'missing', text(redis.call('HLEN', IDS))} end
redis.call('HSET', JOB, 'in_line', ARGV[6], 'missing', ARGV[7], 'surplus', ARGV[8], 'split', ARGV[2], 'half', ARGV[3])
redis.call('DEL', WANT, LIST)
redis.call('HDEL', LEASE, LISTING)
redis.call('HDEL', WIN, LISTING)
redis.call('HDEL', JOB, 'token', 'pages', 'list_failures', 'list_uneven', 'rounds', 'want_chunks')
if ARGV[9] ~= '' or ARGV[10] == '1' then
  note(at, 'planned', '')
  redis.call('HSET', JOB, 'phase', 'planned', 'verify', '0', 'plan_chunks', text(chunks))
  if ARGV[10] == '1' then redis.call('HSET', JOB, 'retention', ARGV[11]) end
  if ARGV[9] ~= '' and (state == 'running' or state == 'paused') then
    state = 'aborting'
    redis.call('HSET', JOB, 'state', state, 'reason', ARGV[9])
    note(at, state, ARGV[9])
  end
else
  note(at, 'write', '')
  redis.call('HSET', JOB, 'phase', 'write', 'total', text(stores), 'chunks', text(chunks), 'base', text(chunks))
  if stores == 0 then redis.call('HSET', JOB, 'verify', '0') end
  if state == 'running' then advance(out, at) end
end
out[2] = settle(at)
return out
