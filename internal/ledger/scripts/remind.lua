-- Puts out new reminders for chunks whose old ones are lost.
--
-- ARGV     pairs of a chunk and the generation that was lost
--
-- Returns reminders as chunk, generation, delay in ms; none for a chunk that has moved on since.
local out, at = {}, now()
if redis.call('HGET', JOB, 'state') ~= 'running' then return out end
for i = 1, #ARGV, 2 do
  local generation = split(redis.call('HGET', WIN, ARGV[i]))
  local _, expiry = split(redis.call('HGET', LEASE, ARGV[i]))
  if generation == ARGV[i + 1] and not held(expiry, at) then remind(out, ARGV[i], at, 0) end
end
return out
