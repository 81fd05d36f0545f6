-- Gives a lease on a chunk to the run that a reminder started, or tells it to drop the reminder.
--
-- ARGV[1]  the chunk
-- ARGV[2]  the reminder's generation
-- ARGV[3]  the lease's token, RUN.0
-- ARGV[4]  for how long the lease holds, in ms
--
-- Returns {'list', phase, token, pages, rounds} for the chunk that stands for listing: what is listed next, how many pages
-- were recorded, and how often the list was begun again. Else {'run', ids, record, refs, plan, opened}: a chunk of the list has ids and perhaps a record, a gathered one
-- has refs; plan is '' unless the chunk is being halved; opened is '1' once a call of the job was answered 200. Or
-- {'drop', why}.
local state = redis.call('HGET', JOB, 'state')
if state ~= 'running' then return {'drop', state or 'gone'} end
local chunk = ARGV[1]
local generation = split(redis.call('HGET', WIN, chunk))
if generation ~= ARGV[2] then return {'drop', 'superseded'} end
local at = now()
local _, expiry = split(redis.call('HGET', LEASE, chunk))
if expiry and expiry > at then return {'drop', 'leased'} end
-- A run that had lost its lease may have decided all of a chunk. Whoever takes it up again makes room in the window,
-- which is filled at the next look for holes.
local function decided()
  redis.call('HDEL', WIN, chunk)
  redis.call('HDEL', LEASE, chunk)
  redis.call('HDEL', PLAN, chunk)
  return {'drop', 'decided'}
end
if chunk == LISTING then
  local phase = redis.call('HGET', JOB, 'phase')
  if phase ~= 'list' and phase ~= 'verify' then return decided() end
  redis.call('HSET', LEASE, chunk, ARGV[3] .. ':' .. text(at + tonumber(ARGV[4])))
  redis.call('HSETNX', JOB, 'started_at', text(at))
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
redis.call('HSET', LEASE, chunk, ARGV[3] .. ':' .. text(at + tonumber(ARGV[4])))
redis.call('HSETNX', JOB, 'started_at', text(at))
return {'run', ids, record, refs, redis.call('HGET', PLAN, chunk) or '', redis.call('HGET', JOB, 'opened') or '0'}
