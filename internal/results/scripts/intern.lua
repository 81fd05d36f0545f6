-- Numbers a common failure's text.
--
-- ARGV[1]  the text
-- ARGV[2]  how many texts a job may have
--
-- Returns its number, or -1 where there are too many already, or the job is gone or ended and its keys are to expire.
local state = redis.call('HGET', JOB, 'state')
if not state or state == 'completed' or state == 'cancelled' or state == 'aborted' then return -1 end
local number = redis.call('HGET', TEXT, 't' .. ARGV[1])
if number then return tonumber(number) end
number = redis.call('HLEN', TEXT) / 2
if number >= tonumber(ARGV[2]) then return -1 end
redis.call('HSET', TEXT, 't' .. ARGV[1], text(number), text(number), ARGV[1])
return number
