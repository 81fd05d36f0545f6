-- Ends the listing after a resync's writes: its job may end.
--
-- ARGV[1]  the lease's token, RUN.0
-- ARGV[2]  stores whose outcome the list contradicts
-- ARGV[3…] pairs of a chunk and the places of those stores in it
--
-- Returns {'ok', state}, or {'lost'}.
local state = redis.call('HGET', JOB, 'state')
local token = split(redis.call('HGET', LEASE, LISTING))
if not state or token ~= ARGV[1] then return {'lost'} end
local at = now()
for i = 3, #ARGV, 2 do redis.call('HSET', MARK, ARGV[i], ARGV[i + 1]) end
note(at, 'verified', '')
redis.call('HSET', JOB, 'phase', 'verified', 'verify', '0', 'contradicted', ARGV[2])
redis.call('DEL', LIST)
redis.call('HDEL', LEASE, LISTING)
redis.call('HDEL', WIN, LISTING)
redis.call('HDEL', JOB, 'token', 'pages', 'list_failures')
return {'ok', settle(at)}
