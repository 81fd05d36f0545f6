-- Notes where a job's calls go, once: whoever serves it first says so.
--
-- ARGV[1]  the installation that would serve it
--
-- Returns the one that has served it first, or '' where the job is not there.
if redis.call('EXISTS', JOB) == 0 then return '' end
redis.call('HSETNX', JOB, 'sent_to', ARGV[1])
return redis.call('HGET', JOB, 'sent_to')
