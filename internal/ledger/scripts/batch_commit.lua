-- Commits a batch: all of it is there, and from here on all of it will run, at its time.
--
-- KEYS[1]  the batch's hash
-- ARGV[1]  what its jobs' keys begin with, up to the number
-- ARGV[2]  how many jobs it has
-- ARGV[3]  before which it must not run, as a Unix time in ms; 0 for at once
-- ARGV[4…] its other keys: lists and waiting jobs
--
-- Returns 'ok', also where it was committed before; 'gone'; or what is missing.
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return 'gone' end
if state ~= 'staging' then return 'ok' end
-- All is looked at before anything is changed: what is given up expires.
for i = 4, #ARGV do
  if redis.call('EXISTS', ARGV[i]) == 0 then return ARGV[i] end
end
for i = 1, tonumber(ARGV[2]) do
  local key = ARGV[1] .. string.format('%.0f', i) .. ':job'
  if redis.call('HGET', key, 'state') ~= 'staging' then return key end
end
for i = 4, #ARGV do redis.call('PERSIST', ARGV[i]) end
for i = 1, tonumber(ARGV[2]) do
  local key = ARGV[1] .. string.format('%.0f', i) .. ':job'
  redis.call('HSET', key, 'state', 'scheduled')
  redis.call('HDEL', key, 'staged')
  redis.call('PERSIST', key)
end
local t = redis.call('TIME')
local now = t[1] .. string.sub(string.format('%06d', tonumber(t[2])), 1, 3)
if tonumber(ARGV[3]) > tonumber(now) then
  redis.call('HSET', KEYS[1], 'state', 'scheduled', 'at', ARGV[3])
else
  redis.call('HSET', KEYS[1], 'state', 'running', 'started_at', now)
end
redis.call('PERSIST', KEYS[1])
return 'ok'
