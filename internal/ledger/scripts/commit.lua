-- Makes a staged job run, if all of it is there. Committing a second time (the first answer was lost) changes nothing
-- and gives the same reminders.
--
-- ARGV[1]  how many chunks were staged
-- ARGV[2]  how many stores they hold
-- ARGV[3]  before which it must not run, as a Unix time in ms; 0 for at once
-- ARGV[4]  of a resync whose plan is made: how many of the chunks are to be associated, and [5] how many stores; else 0
-- ARGV[6…] fields and values of the job's hash that were not known before the list was read
--
-- Returns {'ok', reminder…} with a reminder as chunk, generation, delay in ms; {'gone'} where the job is not there any
-- more; {'missing', chunks, stores} with what is there, where that is not all. The list of a resync is what is wanted: the
-- job's own chunks are known once its plan is made.
local state = redis.call('HGET', JOB, 'state')
if not state then return {'gone'} end
local out = {'ok'}
if state ~= 'staging' then
  local window = redis.call('HGETALL', WIN)
  for i = 1, #window, 2 do
    out[#out + 1], out[#out + 2], out[#out + 3] = window[i], (split(window[i + 1])), '0'
  end
  return out
end
local chunks, stores = redis.call('HLEN', IDS), int('staged')
if chunks ~= tonumber(ARGV[1]) or stores ~= tonumber(ARGV[2]) then
  return {'missing', text(chunks), text(stores)}
end
local at = now()
state = tonumber(ARGV[3]) > at and 'scheduled' or 'running'
redis.call('HSET', JOB, 'state', state, 'redis', redis_id(), unpack(ARGV, 6))
if redis.call('HGET', JOB, 'phase') == 'list' then
  redis.call('HSET', JOB, 'wanted', ARGV[2], 'want_chunks', ARGV[1])
  redis.call('RENAME', IDS, WANT)
  redis.call('PERSIST', WANT)
else
  redis.call('HSET', JOB, 'total', ARGV[2], 'chunks', ARGV[1], 'base', ARGV[1])
  if redis.call('HEXISTS', JOB, 'phase') == 1 then redis.call('HSET', JOB, 'split', ARGV[4], 'half', ARGV[5]) end
  redis.call('PERSIST', IDS)
end
redis.call('HDEL', JOB, 'staged')
redis.call('PERSIST', JOB)
if state == 'scheduled' then
  redis.call('HSET', JOB, 'at', ARGV[3])
else
  advance(out, at)
end
return out
