-- Pauses, resumes or cancels a batch.
--
-- KEYS[1]  the batch's hash
-- ARGV[1]  the reason to keep with it
-- ARGV[2…] pairs of a state and the one that it leads to (job.Verb)
--
-- Returns {'ok', state}; {'refused', state} where the batch's state does not allow it; {'gone'}. Asking for what is so
-- already is no error.
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return {'gone'} end
local to
for i = 2, #ARGV, 2 do
  if ARGV[i] == state then to = ARGV[i + 1] end
end
if not to then return {'refused', state} end
if to ~= state then redis.call('HSET', KEYS[1], 'state', to, 'reason', ARGV[1]) end
return {'ok', to}
