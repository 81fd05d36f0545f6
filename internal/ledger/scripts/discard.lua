-- Deletes a job in staging.
--
-- Returns 1, or 0 where there is none, or it was committed.
if redis.call('HGET', JOB, 'state') ~= 'staging' then return 0 end
redis.call('DEL', JOB)
if not SHARED then redis.call('DEL', IDS) end
return 1
