-- Lets a worker serve accounts as installations, or renews that. Alone among the scripts with claim.lua it has no job's keys.
--
-- KEYS[1]  hash: account → the installation that serves it, and on further lines the workers that do: ID, blank, until when (Unix ms)
-- ARGV[1]  the worker, [2] for how long, in ms; 0 lets go of the accounts
-- ARGV[3…] pairs of an account and the installation that the worker serves it as: mode, identity and hosts, with blanks between
--
-- Returns pairs of an account and the installation that other workers serve it as, for those that the worker must not serve.
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local worker, life = ARGV[1], tonumber(ARGV[2])

-- Who must be the same, and the hosts have one in common where they are known (job.Installation.Same).
local function same(a, b)
  local mode, identity, hosts = string.match(a, '^(%S+) (%S+) ?(.*)$')
  local mode2, identity2, hosts2 = string.match(b, '^(%S+) (%S+) ?(.*)$')
  if mode ~= mode2 or identity ~= identity2 then return false end
  if hosts == '' or hosts2 == '' then return true end
  local has = {}
  for h in string.gmatch(hosts, '%S+') do has[h] = true end
  for h in string.gmatch(hosts2, '%S+') do
    if has[h] then return true end
  end
  return false
end

local out = {}
for i = 3, #ARGV, 2 do
  local account, mine = ARGV[i], ARGV[i + 1]
  local held = redis.call('HGET', KEYS[1], account)
  local others, first = '', nil
  if held then
    for line in string.gmatch(held, '[^\n]+') do
      if not first then
        first = line
      else
        local id, untilwhen = string.match(line, '^(.*) (%d+)$')
        if id and id ~= worker and tonumber(untilwhen) > now then others = others .. '\n' .. line end
      end
    end
  end
  if others ~= '' and not same(first, mine) then
    if life > 0 then
      out[#out + 1] = account
      out[#out + 1] = first
    end
    redis.call('HSET', KEYS[1], account, first .. others)
  elseif life > 0 then
    local as = mine
    if others ~= '' then as = first end
    redis.call('HSET', KEYS[1], account, as .. others .. '\n' .. worker .. ' ' .. string.format('%.0f', now + life))
  elseif others ~= '' then
    redis.call('HSET', KEYS[1], account, first .. others)
  else
    redis.call('HDEL', KEYS[1], account)
  end
end
if life > 0 then redis.call('PEXPIRE', KEYS[1], 20 * life) end
return out
