-- Pauses, resumes or cancels a batch.
--
-- KEYS[1]  the batch's hash
-- ARGV[1]  pause, resume or cancel, [2] the reason to keep with it
--
-- Returns {'ok', state}; {'refused', state} where the batch's state does not allow it; {'gone'}. Asking for what is so
-- already is no error.
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return {'gone'} end
local to = ({
  pause = {running = 'paused', paused = 'paused'},
  resume = {running = 'running', paused = 'running'},
  cancel = {scheduled = 'cancelling', running = 'cancelling', paused = 'cancelling', cancelling = 'cancelling',
    cancelled = 'cancelled'},
})[ARGV[1]][state]
if not to then return {'refused', state} end
if to ~= state then redis.call('HSET', KEYS[1], 'state', to, 'reason', ARGV[2]) end
return {'ok', to}
