-- Ends the listing after a job's writes: it may end.
--
-- ARGV[1]  the lease's token, RUN.0
-- ARGV[2]  stores whose outcome the list contradicts
-- ARGV[3]  stores that were settled by the list
-- ARGV[4]  '1': the list did not hold still, so that a store's absence from it proves nothing
-- ARGV[5]  the phase from now on, or ''
-- ARGV[6]  why the list could not be had, or ''
-- ARGV[7…] pairs of a chunk and the places of stores that are listed and should not be, or the other way round
--
-- Returns {'ok', state}, or {'lost'}.
local state = redis.call('HGET', JOB, 'state')
local token = split(redis.call('HGET', LEASE, LISTING))
if not state or token ~= ARGV[1] then return {'lost'} end
local at = now()
for i = 7, #ARGV, 2 do redis.call('HSET', MARK, ARGV[i], ARGV[i + 1]) end
note(at, 'verified', ARGV[6])
redis.call('HSET', JOB, 'phase', ARGV[5], 'verify', '0', 'asked', '1', 'contradicted', ARGV[2], 'settled', ARGV[3],
  'unsteady', ARGV[4])
if ARGV[5] == '' then redis.call('HDEL', JOB, 'phase') end
redis.call('DEL', LIST)
redis.call('HDEL', LEASE, LISTING)
redis.call('HDEL', WIN, LISTING)
redis.call('HDEL', JOB, 'token', 'pages', 'list_failures', 'list_uneven', 'rounds')
return {'ok', settle(at)}
