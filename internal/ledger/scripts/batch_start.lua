-- Lets a batch run that was committed for later, once its time has come.
--
-- KEYS[1]  the batch's hash
--
-- Returns its state after that; 'gone' where there is no such batch.
local batch = redis.call('HMGET', KEYS[1], 'state', 'at')
if batch[1] ~= 'scheduled' then return batch[1] or 'gone' end
local t = redis.call('TIME')
local now = t[1] .. string.sub(string.format('%06d', tonumber(t[2])), 1, 3)
if tonumber(batch[2]) > tonumber(now) then return 'scheduled' end
redis.call('HSET', KEYS[1], 'state', 'running', 'started_at', now)
return 'running'
