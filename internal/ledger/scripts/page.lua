-- Records a page of what WeChat Pay lists, or that listing it failed.
--
-- ARGV[1]  the lease's token, RUN.0
-- ARGV[2]  for how long the lease holds from now, in ms
-- ARGV[3]  page, or nothing: what came
-- ARGV[4]  the page's number, [5] its store IDs, [6] how many, [7] the token of the next page, or ''
-- ARGV[8]  requests sent, [9] 429s
-- ARGV[10] nothing: '1' where the failure counts, '' where it does not
-- ARGV[11] IDs of the page that are no store IDs
-- ARGV[12] how many stores the list has, as the page tells it; 0 where it does not
--
-- Returns {'ok', state, failures} with the failures that counted since the last page; {'lost'} where the lease is another
-- run's by now, or the job is gone.
local state = redis.call('HGET', JOB, 'state')
local token = split(redis.call('HGET', LEASE, LISTING))
if not state or token ~= ARGV[1] then return {'lost'} end
local function add(field, by)
  if by ~= '0' then redis.call('HINCRBY', JOB, field, by) end
end
add('calls', ARGV[8])
add('throttled', ARGV[9])
if ARGV[3] == 'page' then
  if redis.call('HSET', LIST, ARGV[4], ARGV[5]) == 1 then
    add('listed', ARGV[6])
    add('strange', ARGV[11])
    redis.call('HSET', JOB, 'pages', text(tonumber(ARGV[4]) + 1), 'token', ARGV[7])
    local before = redis.call('HGET', JOB, 'list_total')
    if ARGV[4] == '0' then
      redis.call('HDEL', JOB, 'list_uneven')
    elseif before and before ~= ARGV[12] then
      redis.call('HSET', JOB, 'list_uneven', '1') -- it has changed since the first page
    end
    redis.call('HSET', JOB, 'list_total', ARGV[12])
  end
  redis.call('HDEL', JOB, 'list_failures')
elseif ARGV[10] == '1' then
  add('list_failures', '1')
end
redis.call('HSET', LEASE, LISTING, token .. ':' .. text(now() + tonumber(ARGV[2])))
return {'ok', state, text(int('list_failures'))}
