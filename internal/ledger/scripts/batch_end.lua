-- Ends a batch, all of whose jobs have ended. They expire with it: its report is theirs.
--
-- KEYS[1]  the batch's hash; then, for each account, the jobs that wait and those that have had their turn
-- ARGV[1]  how many of these keys there are
-- ARGV[2]  for how long it is kept, in ms
-- ARGV[3]  what its jobs' keys begin with, up to the number, [4] how many jobs it has
-- ARGV[5…] its lists
--
-- Returns the batch's state.
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'running' and state ~= 'paused' and state ~= 'cancelling' then return state or 'gone' end
for i = 2, 1 + tonumber(ARGV[1]) do
  if redis.call('EXISTS', KEYS[i]) == 1 then return state end
end
state = state == 'cancelling' and 'cancelled' or 'completed'
local t = redis.call('TIME')
redis.call('HSET', KEYS[1], 'state', state, 'ended_at', t[1] .. string.sub(string.format('%06d', tonumber(t[2])), 1, 3))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
for i = 5, #ARGV do redis.call('PEXPIRE', ARGV[i], ARGV[2]) end
for i = 1, tonumber(ARGV[4]) do
  local key = ARGV[3] .. string.format('%.0f', i)
  for _, what in ipairs({':job', ':rec', ':fail', ':text'}) do redis.call('PEXPIRE', key .. what, ARGV[2]) end
end
return state
