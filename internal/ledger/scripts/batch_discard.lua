-- Gives a batch up that is not committed: from here on it cannot be.
--
-- KEYS[1]  the batch's hash
--
-- Returns 1, or 0 where it is committed.
local state = redis.call('HGET', KEYS[1], 'state')
if state and state ~= 'staging' then return 0 end
redis.call('DEL', KEYS[1])
return 1
