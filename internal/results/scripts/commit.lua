-- Makes a staged job run, if all of it is there. Committing a second time (the first answer was lost) changes nothing
-- and gives the same reminders.
--
-- ARGV[1]  how many chunks were staged
-- ARGV[2]  how many stores they hold
-- ARGV[3…] fields and values of the job's hash that were not known before the list was read
--
-- Returns {'ok', reminder…} with a reminder as chunk, generation, delay in ms; {'gone'} where the job is not there any
-- more; {'missing', chunks, stores} with what is there, where that is not all.
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
redis.call('HSET', JOB, 'state', 'running', 'total', ARGV[2], 'chunks', ARGV[1], 'base', ARGV[1], 'redis', redis_id(),
  unpack(ARGV, 3))
redis.call('HDEL', JOB, 'staged')
redis.call('PERSIST', JOB)
redis.call('PERSIST', IDS)
advance(out, now())
return out
