-- The part that every script begins with. KEYS are a job's keys in the order of keys.go, in every script.

local JOB, IDS, REC, GATH, WIN, LEASE, PLAN, FAIL, TEXT, WANT, LIST, MARK =
  KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11], KEYS[12]

-- A batch's job shares a list with others: it is not this job's to delete.
local SHARED = redis.call('HGET', JOB, 'list')
if SHARED then IDS = SHARED end

-- The chunk that stands for listing what is associated: before the plan of a resync, and after its writes.
local LISTING = '-1'

-- How many bytes a store takes in the job's pool: the chunk it came in (4) and its place there (1).
local REF = 5
-- How many chunks, taken from unopened jobs, may be refused for single stores before the request is held to be wrong.
local SUSPECTS = 3
-- How many common failures' texts a job may have.
local TEXTS = 1024
-- Backoff of gathered chunks, in ms.
local BACKOFF, BACKOFF_MAX = 500, 15000

local function now()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

local function int(field)
  return tonumber(redis.call('HGET', JOB, field) or '0')
end

local function text(number)
  return string.format('%.0f', number)
end

-- Splits 'A:B' as the window and the leases keep it; both nil where there is no value.
local function split(value)
  if not value then return nil, nil end
  local a, b = string.match(value, '^([^:]*):(%d+)$')
  return a, tonumber(b)
end

-- Notes an event of the job: a word of the ledger's and why. Some sixty are kept, the latest.
local function note(at, word, why)
  local all = (redis.call('HGET', JOB, 'history') or '') .. text(at) .. ' ' .. word .. ' ' ..
    string.gsub(string.sub(why, 1, 200), '\n', ' ') .. '\n'
  if #all > 4096 then all = string.sub(all, string.find(all, '\n', #all - 4096, true) + 1) end
  redis.call('HSET', JOB, 'history', all)
end

-- What is further ahead than this, in ms, was written by another clock: leases are of seconds, and so are delays.
local CLOCK = 120000

-- Whether a lease that runs out then is held.
local function held(expiry, at)
  return expiry ~= nil and expiry > at and expiry <= at + CLOCK
end

-- Whether any run holds a lease that has not run out.
local function leased(at)
  local all = redis.call('HVALS', LEASE)
  for i = 1, #all do
    local _, expiry = split(all[i])
    if held(expiry, at) then return true end
  end
  return false
end

-- Whether stores that failed after a call for them went unanswered are still to be settled by WeChat Pay's list.
local function unsettled()
  local job = redis.call('HMGET', JOB, 'doubtful', 'asked')
  return tonumber(job[1] or '0') > 0 and job[2] ~= '1'
end

-- Says with 1 that nothing of a job is left to be done, in this state, and that it has not ended all the same.
local function stuck(state, at)
  if leased(at) then return 0 end
  if state == 'cancelling' or state == 'aborting' then return 1 end
  local phase = redis.call('HGET', JOB, 'phase')
  if phase == 'list' or phase == 'verify' then return 0 end
  if state == 'paused' then return int('succeeded') + int('failed') >= int('total') and not unsettled() and 1 or 0 end
  if state ~= 'running' or redis.call('HLEN', WIN) > 0 or int('next') < int('base') then return 0 end
  return (redis.call('HGET', JOB, 'pool') or '') == '' and 1 or 0
end

-- Puts a reminder for a chunk into the window and appends it to out as chunk, generation, delay.
local function remind(out, chunk, at, delay)
  local generation = redis.call('HINCRBY', JOB, 'gen', 1)
  redis.call('HSET', WIN, chunk, text(generation) .. ':' .. text(at + delay))
  out[#out + 1] = chunk
  out[#out + 1] = text(generation)
  out[#out + 1] = text(delay)
end

-- Notes that a run's lease ran out without a record: it may have made a call that nobody knows the answer of. Whoever works
-- on the chunk next takes that over into its record. The runs are kept as RUN, each with a blank before it.
local function vanished(chunk, token)
  if chunk == LISTING then return end
  local field = 'vanished:' .. chunk
  redis.call('HSET', JOB, field, (redis.call('HGET', JOB, field) or '') .. ' ' .. string.match(token, '^[^.]*'))
end

-- Counts runs that vanished as a call each, and keeps the latest of them, for those that tell of theirs after all.
local function presume(runs)
  local _, calls = string.gsub(runs, ' ', '')
  redis.call('HINCRBY', JOB, 'calls', calls)
  redis.call('HSET', JOB, 'presumed', string.sub((redis.call('HGET', JOB, 'presumed') or '') .. runs, -2048))
end

-- Gives a lease on a chunk of a running job to a run, if the reminder's generation is the latest, no run is at it and there
-- is something left to be done. token is the lease's, RUN.0, life how long it holds, in ms.
--
-- Returns {'list', phase, token, pages, rounds} for the chunk that stands for listing: what is listed next, how many pages
-- were recorded, and how often the list was begun again. Else {'run', ids, record, refs, plan, opened, vanished}: a chunk of the list
-- has ids and perhaps a record, a gathered one has refs; plan is '' unless the chunk is being halved; opened is '1' once a
-- call of the job was answered 200; vanished are the runs whose leases on it ran out (vanished). Or {'drop', why}.
local function begin(chunk, generation, token, life, at)
  if split(redis.call('HGET', WIN, chunk)) ~= generation then return {'drop', 'superseded'} end
  local gone, expiry = split(redis.call('HGET', LEASE, chunk))
  if held(expiry, at) then return {'drop', 'leased'} end
  -- A run that had lost its lease may have decided all of a chunk. Whoever takes it up again makes room in the window,
  -- which is filled at the next look for holes.
  local function decided()
    redis.call('HDEL', WIN, chunk)
    redis.call('HDEL', LEASE, chunk)
    redis.call('HDEL', PLAN, chunk)
    local gone = redis.call('HGET', JOB, 'vanished:' .. chunk)
    if gone then
      presume(gone)
      redis.call('HDEL', JOB, 'vanished:' .. chunk)
    end
    return {'drop', 'decided'}
  end
  local function lease()
    if expiry then vanished(chunk, gone) end
    redis.call('HSET', LEASE, chunk, token .. ':' .. text(at + life))
    redis.call('HSETNX', JOB, 'started_at', text(at))
  end
  if chunk == LISTING then
    local phase = redis.call('HGET', JOB, 'phase')
    if phase ~= 'list' and phase ~= 'verify' then return decided() end
    lease()
    return {'list', phase, redis.call('HGET', JOB, 'token') or '', text(int('pages')), text(int('rounds'))}
  end
  local ids, record, refs = '', '', ''
  if tonumber(chunk) >= int('base') then
    refs = redis.call('HGET', GATH, chunk)
    if not refs then return decided() end
  else
    record = redis.call('HGET', REC, chunk) or ''
    if string.sub(record, 1, 1) == 'c' then return decided() end
    ids = redis.call('HGET', IDS, chunk) or ''
  end
  lease()
  return {'run', ids, record, refs, redis.call('HGET', PLAN, chunk) or '', redis.call('HGET', JOB, 'opened') or '0',
    redis.call('HGET', JOB, 'vanished:' .. chunk) or ''}
end

-- Fills the window of a running job: with chunks cut from its pool, then with the next of its list. Until a verified
-- 200 has opened the job, one chunk goes alone (and one more for each that was refused for single stores).
--
-- Whatever the job, stores that failed after a call for them went unanswered are settled by WeChat Pay's list at its end.
--
-- A resync begins, and may end, with listing. Its list is in two halves, cut at split: what is to be associated, and
-- what is to be disassociated once all of that is decided, so that no gathered chunk is of both.
local function advance(out, at)
  local job = redis.call('HMGET', JOB, 'next', 'base', 'window', 'opened', 'suspects', 'pool', 'size', 'tries', 'phase',
    'split', 'verify', 'total', 'succeeded', 'failed')
  local decided = tonumber(job[12] or '0') == tonumber(job[13] or '0') + tonumber(job[14] or '0')
  if decided and (job[9] == 'write' and job[11] == '1' or (job[9] == 'write' or not job[9]) and unsettled()) then
    redis.call('HSET', JOB, 'phase', 'verify', 'verify', '1', 'token', '', 'pages', '0', 'listed', '0', 'strange', '0')
    note(at, 'verify', '')
    job[9] = 'verify'
  end
  if job[9] == 'list' or job[9] == 'verify' then
    if redis.call('HLEN', WIN) == 0 then remind(out, LISTING, at, 0) end
    return
  end
  local following, base, size = tonumber(job[1]), tonumber(job[2]), tonumber(job[7])
  local limit = tonumber(job[3])
  if job[4] ~= '1' then limit = math.min(limit, 1 + tonumber(job[5] or '0')) end
  local pool = job[6] or ''

  local function cut(bytes)
    local chunk = text(redis.call('HINCRBY', JOB, 'chunks', 1) - 1)
    redis.call('HSET', GATH, chunk, string.sub(pool, 1, bytes))
    pool = string.sub(pool, bytes + 1)
    local tries = tonumber(job[8] or '1')
    remind(out, chunk, at, math.min(BACKOFF_MAX, BACKOFF * 2 ^ (tries - 1)))
  end

  local stop, half = base, tonumber(job[10] or '0')
  if half > 0 and half < base and following <= half then
    if following < half or #pool > 0 or redis.call('HLEN', WIN) > 0 then
      stop = half
    else
      redis.call('HSET', JOB, 'opened', '0', 'suspects', '0')
      limit = 1
    end
  end

  local before = #pool
  while #pool >= size * REF do cut(size * REF) end
  local count = redis.call('HLEN', WIN)
  local first = following
  while following < stop and count < limit do
    remind(out, text(following), at, 0)
    following = following + 1
    count = count + 1
  end
  if following ~= first then redis.call('HSET', JOB, 'next', text(following)) end
  if #pool > 0 and following >= stop and count == 0 then cut(#pool) end
  if #pool ~= before then
    redis.call('HSET', JOB, 'pool', pool)
    if #pool == 0 then redis.call('HDEL', JOB, 'tries') end
  end
end

-- Which Redis this is; '' where it does not tell. One that was started anew, or another that took over, may have
-- forgotten what was written last, or brought back half of a transaction (a torn append-only file that is loaded
-- twice): what it holds of a job is looked through (check.lua) before the job ends.
local function redis_id()
  local info = redis.pcall('INFO', 'server')
  return type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
end

-- Ends a job whose figures can no longer move, and gives its state. reason is kept from before.
local function settle(at)
  local job = redis.call('HMGET', JOB, 'state', 'total', 'succeeded', 'failed', 'retention', 'phase', 'verify')
  local state = job[1]
  local left = tonumber(job[2]) - tonumber(job[3]) - tonumber(job[4])
  local final
  if state == 'running' or state == 'paused' then
    if left == 0 and job[6] ~= 'list' and job[7] ~= '1' and not unsettled() then final = 'completed' end
  elseif state == 'cancelling' then
    final = 'cancelled'
  elseif state == 'aborting' then
    final = 'aborted'
  end
  if not final or leased(at) then return state end
  if redis.call('HGET', JOB, 'redis') ~= redis_id() then return state end
  redis.call('HSET', JOB, 'state', final, 'ended_at', text(at))
  redis.call('HDEL', JOB, 'pool', 'tries')
  redis.call('DEL', GATH, WIN, LEASE, PLAN, WANT, LIST)
  if not SHARED then -- what is of a batch is kept until that ends, and expires with it (batch_end.lua)
    for _, key in ipairs({JOB, IDS, REC, FAIL, TEXT, MARK}) do redis.call('PEXPIRE', key, job[5]) end
  end
  return final
end
