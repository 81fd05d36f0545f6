-- refuse takes note of a 429. One alone skips a slot, and lowers the limit a step. Two in a row stop everybody for a
-- second; then one call tries, and where that is refused too, it is 2 s, 4 s, and no longer: so WeChat Pay advises. Calls
-- that are refused after seconds of silence are not refused for what we had sent: what the refusals before them had
-- taught is forgotten. Beside another client it is four in a row, since two or three may meet by chance.
--
-- KEYS[1]  the rate limit
-- ARGV[1]  calls a second that are allowed
-- ARGV[2]  the slot of the call
-- ARGV[3]  the epoch that it is of
--
-- Returns {at, epoch, generation, hold, rate, refused, another}, as exchange does.
if at < number('seen') - BACK then shift(number('seen')) end
sane()
local slot = tonumber(ARGV[2])
if tonumber(ARGV[3]) ~= number('epoch') then slot = at end
put('refused', at)

local function stop(seconds)
  put('stop', at + seconds * 1000000)
  put('stopped', at)
  put('next', at + seconds * 1000000)
  put('free', '')
  put('probe', 0)
  restart()
  recent = {}
  put('generation', number('generation') + 1)
end

if slot == number('first') or slot == number('second') then
  -- It was sent to find out.
  put('denied', number('denied') + 1)
  save()
  return state(math.max(0, number('stop') - at))
end
discount(slot)
if number('row') == 0 then put('kept', string.format('%.17g,%.17g,%.0f', limit, bad, number('ours'))) end
if number('row') > 0 and between(number('rowslot'), slot) then put('row', 0) end
if slot > number('ok') then
  put('row', number('row') + 1)
  put('rowslot', math.max(number('rowslot'), slot))
end
if slot <= number('stopped') or slot < number('stop') or number('stop') > at then
  -- It was on its way when calls were stopped.
elseif number('strikes') > 0 then
  local strikes = number('strikes') + 1
  put('strikes', strikes)
  stop(math.min(STRIKES, 2 ^ (strikes - 1)))
  local l, b, ours = string.match(h.kept or '', '^([^,]+),([^,]+),(%d+)$')
  if l and strikes > 2 then
    limit, bad = tonumber(l), tonumber(b)
    put('ours', tonumber(ours))
    put('trial', 0)
  end
elseif number('row') >= (number('ours') > 0 and 4 or 2) then
  learn(slot, true)
  put('strikes', 1)
  stop(1)
else
  learn(slot)
  -- Where another client has its share, two calls met by chance: a slot less would mend nothing.
  if number('ours') > 0 then
    again()
  else
    put('next', math.max(number('next'), at) + 1000000 / math.min(limit, top()))
  end
end
keep()
save()
return state(math.max(0, number('stop') - at))
