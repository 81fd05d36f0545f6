-- Records what calls told of stores, moves the counts by the difference, and says what becomes of the chunk. The new
-- records were made from those that the caller read: where one has changed since, nothing is done and the caller makes
-- them again. A run that has lost its lease records outcomes alone: the chunk is another's.
--
-- A lease's token is RUN.STEP, and each record of a run that goes on takes it a step further. So a run notices where
-- Redis has forgotten one of its records, which a lease that came back with it would hide: it would hold stores to be
-- done with that are not. And a record whose answer got lost is not made twice.
--
-- ARGV[1]  the chunk
-- ARGV[2]  the lease's token, RUN.STEP, or '' to record outcomes alone
-- ARGV[3]  what becomes of the chunk: keep (the run goes on), again (a reminder after a delay), done
-- ARGV[4]  keep: for how long the lease holds, again: the delay, doubled with every refusal of ARGV[21]'s kind; in ms
-- ARGV[5]  stores that moved to succeeded, net
-- ARGV[6]  stores that moved to failed, net
-- ARGV[7]  requests sent, [8] those of them for stores sent before, [9] 429s
-- ARGV[10] stores that the call told something of: counted as late where the job has ended
-- ARGV[11] '1': a verified 200, which opens the job
-- ARGV[12] the chunk's plan from now on, or ''
-- ARGV[13] stores that join the job's pool
-- ARGV[14] how often the most tried of them was tried
-- ARGV[15] why the job must be aborted, or ''
-- ARGV[16] '1': the request was refused for single stores of this chunk, and no call of the job ever was answered 200
-- ARGV[17] how many records follow, [18] how many texts
-- ARGV[19] done: the token, RUN.0, of a run that begins the next chunk of the list at once, if there is one; or ''
-- ARGV[20] for how long its lease holds, in ms
-- ARGV[21] why the job must be aborted if this refusal was not the only one of its kind in a row, or ''
-- ARGV[22] how many of them there may be
-- ARGV[23] the run: what it was told comes late where its lease had run out, and is told then
-- ARGV[24] stores of which a call went unanswered that moved to failed, net, where WeChat Pay can list the target's
-- then     the records as triples of chunk, old, new; the texts that they refer to as pairs of number and text; pairs
--          of code and its failed stores, net
--
-- Returns {'ok', state, n, begun…, reminder…} with a reminder as chunk, generation, delay in ms, and n values of the run
-- that was begun (none or 8): its chunk, generation, and what the prelude's begin returns after 'run'; {'conflict', record…}
-- with all the records as they are now; {'lost'} where the lease is another run's by now, or is not at this step any more;
-- {'text', number} where that number is another text's, or the job has too many; {'ended', state}, or {'gone'}.
local state = redis.call('HGET', JOB, 'state')
if not state then return {'gone'} end
if state == 'completed' or state == 'cancelled' or state == 'aborted' then
  redis.call('HINCRBY', JOB, 'late', ARGV[10])
  return {'ended', state}
end
local chunk, token = ARGV[1], ARGV[2]
local further -- the token of the next step
if token ~= '' then
  local run, step = string.match(token, '^([^.]*)%.(%d+)$')
  further = run .. '.' .. text(tonumber(step) + 1)
  local held = split(redis.call('HGET', LEASE, chunk))
  if held == further then return {'ok', state, '0'} end
  if held ~= token then return {'lost'} end
end

local last = 24 + 3 * tonumber(ARGV[17])
local texts = last + 2 * tonumber(ARGV[18])
for i = 25, last, 3 do
  if (redis.call('HGET', REC, ARGV[i]) or '') ~= ARGV[i + 1] then
    local current = {'conflict'}
    for j = 25, last, 3 do current[#current + 1] = redis.call('HGET', REC, ARGV[j]) or '' end
    return current
  end
end
for i = last + 1, texts, 2 do
  local known = redis.call('HGET', TEXT, ARGV[i])
  if known and known ~= ARGV[i + 1] then return {'text', ARGV[i]} end
  if not known then
    if redis.call('HLEN', TEXT) >= TEXTS then return {'text', ARGV[i]} end
    redis.call('HSET', TEXT, ARGV[i], ARGV[i + 1])
  end
end
for i = 25, last, 3 do
  if ARGV[i + 1] ~= ARGV[i + 2] then redis.call('HSET', REC, ARGV[i], ARGV[i + 2]) end
end
for i = texts + 1, #ARGV, 2 do redis.call('HINCRBY', FAIL, ARGV[i], ARGV[i + 1]) end
local function add(field, by)
  if by ~= '0' then redis.call('HINCRBY', JOB, field, by) end
end
add('succeeded', ARGV[5])
add('failed', ARGV[6])
-- All stores that a call is for are of one half of a resync's list.
if ARGV[17] ~= '0' and (ARGV[5] ~= '0' or ARGV[6] ~= '0') then
  local second = redis.call('HGET', JOB, 'split')
  if second and tonumber(ARGV[25]) >= tonumber(second) then
    add('second_succeeded', ARGV[5])
    add('second_failed', ARGV[6])
  end
end
add('doubtful', ARGV[24])
-- What runs may have sent whose leases on this chunk ran out is in the records now; one that tells of it after all is none
-- of them, and where it was counted as a call already, this is that call.
local gone, calls = redis.call('HGET', JOB, 'vanished:' .. chunk), tonumber(ARGV[7])
if token == '' then
  local first, last = string.find(gone or '', ' ' .. ARGV[23], 1, true)
  if first then
    gone = string.sub(gone, 1, first - 1) .. string.sub(gone, last + 1)
    if gone == '' then
      redis.call('HDEL', JOB, 'vanished:' .. chunk)
    else
      redis.call('HSET', JOB, 'vanished:' .. chunk, gone)
    end
  elseif calls > 0 and string.find(redis.call('HGET', JOB, 'presumed') or '', ' ' .. ARGV[23], 1, true) then
    calls = calls - 1
  end
elseif gone then
  presume(gone)
  redis.call('HDEL', JOB, 'vanished:' .. chunk)
end
add('calls', text(calls))
add('retries', ARGV[8])
add('throttled', ARGV[9])
if ARGV[11] == '1' then redis.call('HSET', JOB, 'opened', '1') end

local function abort(reason)
  if state ~= 'running' and state ~= 'paused' then return end
  state = 'aborting'
  redis.call('HSET', JOB, 'state', state, 'reason', reason)
  note(now(), state, reason)
end
if ARGV[15] ~= '' then abort(ARGV[15]) end
local wait = tonumber(ARGV[4])
if ARGV[21] ~= '' and token ~= '' then
  local at, before, refusals = now(), int('refused_until'), int('refusals')
  -- A clock that was set back may not keep a job from ending.
  if at >= before or before > at + BACKOFF_MAX or redis.call('HGET', JOB, 'refused_chunk') == chunk then
    refusals = redis.call('HINCRBY', JOB, 'refusals', 1)
    redis.call('HSET', JOB, 'refused_chunk', chunk, 'refused_until',
      text(at + math.min(BACKOFF_MAX, BACKOFF * 2 ^ (refusals - 1)) / 2))
  end
  wait = math.min(BACKOFF_MAX, wait * 2 ^ (refusals - 1))
  if refusals >= tonumber(ARGV[22]) then abort(ARGV[21]) end
elseif ARGV[11] == '1' then
  redis.call('HDEL', JOB, 'refusals', 'refused_until', 'refused_chunk')
end
if ARGV[16] == '1' and redis.call('HGET', JOB, 'opened') ~= '1' then
  local suspects, base = redis.call('HINCRBY', JOB, 'suspects', 1), int('base')
  if base > 1 and suspects >= math.min(SUSPECTS, base) then
    abort('the request itself is refused: single stores of ' .. text(suspects) ..
      ' chunks were refused alike, and no call of the job ever succeeded')
  end
end
if ARGV[6] ~= '0' then
  local job = redis.call('HMGET', JOB, 'succeeded', 'failed', 'threshold', 'threshold_minimum')
  local failed = tonumber(job[2]) - math.max(0, int('doubtful')) -- what the list is asked for speaks against nothing yet
  local decided = tonumber(job[1]) + failed
  local threshold = tonumber(job[3])
  if threshold > 0 and decided >= tonumber(job[4]) and failed * 100 > threshold * decided then
    abort(text(failed) .. ' of ' .. text(decided) .. ' decided stores failed: more than the threshold of ' ..
      text(threshold) .. ' %')
  end
end

local reminders, at = {}, now()
if token ~= '' then
  if ARGV[13] ~= '' then
    redis.call('HSET', JOB, 'pool', (redis.call('HGET', JOB, 'pool') or '') .. ARGV[13],
      'tries', text(math.max(int('tries'), tonumber(ARGV[14]))))
  end
  if ARGV[12] ~= '' then
    redis.call('HSET', PLAN, chunk, ARGV[12])
  else
    redis.call('HDEL', PLAN, chunk)
  end
  if ARGV[3] == 'keep' then
    redis.call('HSET', LEASE, chunk, further .. ':' .. text(at + tonumber(ARGV[4])))
  else
    redis.call('HDEL', LEASE, chunk)
    if ARGV[3] == 'done' then
      redis.call('HDEL', WIN, chunk)
      redis.call('HDEL', GATH, chunk)
    elseif state == 'running' then
      remind(reminders, chunk, at, math.floor(wait))
    end
  end
  if state == 'running' then advance(reminders, at) end
end
state = settle(at)

local out, first = {'ok', state, '0'}, 1
local function follows() -- a chunk of the list, due at once
  return state == 'running' and reminders[3] == '0' and reminders[1] ~= LISTING and tonumber(reminders[1]) < int('base')
end
if ARGV[3] == 'done' and ARGV[19] ~= '' and follows() then
  local begun = begin(reminders[1], reminders[2], ARGV[19], tonumber(ARGV[20]), at)
  if begun[1] == 'run' then
    out = {'ok', state, '8', reminders[1], reminders[2], unpack(begun, 2)}
    first = 4
  end
end
for i = first, #reminders do out[#out + 1] = reminders[i] end
return out
