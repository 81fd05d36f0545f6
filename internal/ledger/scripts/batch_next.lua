-- Gives jobs of one account of a batch their turn.
--
-- KEYS[1]  the batch's hash, [2] the account's jobs that wait, [3] those that have had their turn
-- ARGV[1]  how many may be at work at a time, [2] at the most how many now
--
-- Returns the jobs. A batch that is being cancelled gives all of them their turn, to be cancelled.
local state = redis.call('HGET', KEYS[1], 'state')
local out, limit = {}, tonumber(ARGV[1])
if state == 'cancelling' then limit = math.huge elseif state ~= 'running' then return out end
while #out < tonumber(ARGV[2]) and redis.call('SCARD', KEYS[3]) < limit do
  local id = redis.call('LPOP', KEYS[2])
  if not id then break end
  redis.call('SADD', KEYS[3], id)
  out[#out + 1] = id
end
return out
