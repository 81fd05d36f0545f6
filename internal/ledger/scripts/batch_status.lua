-- Reads how a batch stands at one moment: what it is, and what its jobs come to that are not among its sums yet.
--
-- KEYS[1]  the batch's hash; then, for each account, the jobs that wait and those that have had their turn
-- ARGV[1]  what its jobs' keys begin with, up to the number, [2] how long their IDs are up to there
--
-- Returns {fields, sums, accounts}: the batch's hash and the sums as pairs of a field and its value, and those accounts,
-- counted from 0, that have a running job; or nothing where there is no such batch.
local fields = redis.call('HGETALL', KEYS[1])
if #fields == 0 then return {} end
local sums, accounts = {}, {}
local function add(field, n)
  if n ~= 0 then sums[field] = (sums[field] or 0) + n end
end
for i = 2, #KEYS, 2 do
  add('jobs:scheduled', redis.call('LLEN', KEYS[i]))
  local running = false
  local ids = redis.call('SMEMBERS', KEYS[i + 1])
  for n = 1, #ids do
    local key = ARGV[1] .. string.sub(ids[n], tonumber(ARGV[2]) + 1)
    local job = redis.call('HMGET', key .. ':job', 'state', 'total', 'succeeded', 'failed', 'late', 'calls', 'retries', 'throttled')
    if not job[1] then
      add('jobs:gone', 1)
    else
      local failed = tonumber(job[4] or '0')
      add('jobs:' .. job[1], 1)
      add('succeeded', math.min(tonumber(job[3] or '0'), tonumber(job[2] or '0') - failed)) -- as status.go has it
      add('failed', failed)
      add('late', tonumber(job[5] or '0'))
      add('calls', tonumber(job[6] or '0'))
      add('retries', tonumber(job[7] or '0'))
      add('throttled', tonumber(job[8] or '0'))
      if failed > 0 then
        local codes = redis.call('HGETALL', key .. ':fail')
        for c = 1, #codes, 2 do add('fail:' .. codes[c], tonumber(codes[c + 1])) end
      end
      running = running or job[1] == 'running'
    end
  end
  if running then accounts[#accounts + 1] = string.format('%.0f', i / 2 - 1) end
end
local flat = {}
for field, n in pairs(sums) do
  flat[#flat + 1] = field
  flat[#flat + 1] = string.format('%.0f', n)
end
return {fields, flat, accounts}
