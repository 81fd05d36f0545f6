-- A survey finds how many calls a second are ours beside another client, to the whole call. Refusals alone do not tell: a
-- second holds a whole number of calls, and where ours fill what is left, each takes the place that one of ours has just
-- made free, so that it is the other's that are refused, and we never hear of it. So ours is right where one call more
-- would find room still.
--
-- A probe leaves out a slot, so that for a second the other's calls find room whatever we did before, and then has two extra
-- calls close behind the one that follows: how many of the two are refused shows whether there was room for none, one or
-- two more. The other's calls move, and ours arrive unevenly, so that up to five probes are weighed together. In between,
-- a lone probe that leaves out nothing now and then shows whether more is free.

-- forget takes all that is allowed again: nobody else uses it.
local function forget()
  limit, bad = NONE, NONE
  put('ours', 0)
  put('trial', 0)
end

-- restart begins the survey anew that goes on.
local function restart()
  for _, name in ipairs({'probes', 'room', 'omitted', 'first', 'second', 'denied'}) do put(name, 0) end
end

-- keep writes what is recent.
local function keep()
  if limit == NONE then recent = {} end
  local list = {}
  for i, s in ipairs(recent) do list[i] = text(s) end
  put('recent', table.concat(list, ','))
end

-- count takes in a slot that is reserved.
local function count(slot)
  recent[#recent + 1] = math.floor(slot + 0.5)
  table.sort(recent)
end

-- discount takes out a slot whose call was refused, or not made: it does not count.
local function discount(slot)
  for i, s in ipairs(recent) do
    if s == slot then
      table.remove(recent, i)
      return
    end
  end
end

-- between is whether a call was made between two slots that was not refused, for all that is known.
local function between(from, to)
  for _, s in ipairs(recent) do
    if s > from and s < to then return true end
  end
  return false
end

-- again makes up for a call that was refused by chance: there is room for one between two of the next.
local function again()
  local before
  for _, s in ipairs(recent) do
    if before and before > at then
      put('free', (h.free or '') .. ',' .. text((before + s) / 2))
      return
    end
    before = s
  end
end

-- vacant is when the next slot is free, beside another client: after ours of them a second must have passed since the first.
local function vacant(rate)
  if number('ours') == 0 then return number('next') end
  local first = recent[#recent + 1 - number('ours')]
  return math.max(number('next'), first and first + number('ours') * 1000000 / rate or 0)
end

-- due is whether it is to be looked how much room there is: where refusals taught something that may be another client.
local function due()
  return (number('ours') > 0 or limit <= allowed - 1) and number('strikes') == 0 and at >= number('survey')
end

-- share makes so many calls a second ours from now on: somewhat less than a whole number, since they arrive unevenly. Where
-- that is but one less than all, nobody else is there.
local function share(calls)
  if calls >= allowed - 1 then
    forget()
    put('survey', at + PATIENCES)
  else
    put('ours', math.max(1, calls))
    limit, bad = number('ours') * LEVEL, NONE
  end
  put('trial', 0)
  put('changed', at)
end

-- move changes ours: by one, by one again, and by two and four where that goes on in one direction.
local function move(up)
  local stride = number('stride')
  if up ~= (stride > 0) then stride = 0 end
  stride = math.min(4, math.max(0.5, 2 * math.abs(stride)))
  put('stride', up and stride or -stride)
  put('patience', PATIENCE)
  share(number('ours') + math.max(1, stride) * (up and 1 or -1))
end

-- another is how many calls a second somebody else seems to use.
local function another()
  if number('ours') == 0 then return 0 end
  return math.max(0, allowed - number('ours') - 1)
end

-- settled ends a survey that found ours right; the next is some time away.
local function settled(patience)
  put('survey', at + patience)
  put('stride', 0)
  put('spare', 0)
  put('patience', math.min(2 * patience, PATIENCES))
  put('changed', at)
end

-- verdict draws the conclusion from some probes, where it can be drawn.
local function verdict(n, room)
  local low, high = n >= 3 and room == 0 or n >= 5 and room <= 2, n >= 3 and room == 2 * n or n >= 5 and room >= 8
  if number('ours') > 0 then
    if low then
      move(false)
    elseif high then
      move(true)
    elseif n == 3 and room == 3 or n >= 5 then
      settled(math.max(number('patience'), 2 * PATIENCE))
    else
      return
    end
  else
    -- With nobody else, what is not used is free.
    local free = math.min(2, allowed - limit) - CERTAIN
    if high and limit < allowed - 3 then
      put('stride', 0.5)
      share(math.floor(limit) + 1)
    elseif room > 5 * free then
      put('survey', at + PATIENCES)
    elseif n < 3 or n < 5 and room > n * free then
      return
    else
      put('stride', 0)
      put('patience', PATIENCE)
      share(math.floor(limit + room / n + 0.1) - 1)
    end
  end
  restart()
end

-- weigh takes in a probe whose calls were answered.
local function weigh()
  local second = number('second')
  -- The longer wait of each probe after the first keeps them out of step with the other's calls.
  if second == 0 or at < second + SETTLE * (1 + number('probes') / 20) or number('ok') <= second then return end
  local room, lone = 2 - number('denied'), number('omitted') == 0
  for _, name in ipairs({'omitted', 'first', 'second', 'denied'}) do put(name, 0) end
  put('look', room == 2 and at or at + WATCH)
  if lone then
    put('spare', room == 2 and number('spare') + 1 or 0)
    if number('spare') >= 3 then put('survey', at) end
    return
  end
  put('probes', number('probes') + 1)
  put('room', number('room') + room)
  verdict(number('probes'), number('room'))
end

-- omit leaves out the slot that would be next, where a survey's probe is due. It returns the one after it then.
local function omit(vacant, every)
  if number('omitted') > 0 or number('first') > 0 or not due() then return vacant end
  put('omitted', vacant)
  count(vacant)
  return vacant + every
end

-- extra is the slot of an extra call, 0 for none; soonest is when it is of use at the earliest, and slots are every apart. A
-- probe says something only where all of ours were made in the second before it.
local function extra(soonest, every)
  local last, omitted = number('next') - number('every'), number('omitted')
  if number('second') > 0 then return 0 end
  if number('first') > 0 then
    local slot = math.floor(math.max(soonest, last + every / 2))
    if slot < last + every * 3 / 4 then
      put('second', slot)
      return slot
    end
  elseif last < omitted + 1000000 or
    omitted == 0 and (due() or number('ours') == 0 or number('strikes') > 0 or at < number('look')) then
    return 0
  else
    local slot, before = math.floor(last + every / 4), 0
    for _, s in ipairs(recent) do
      if s > slot - 1000000 then before = before + 1 end
    end
    if slot >= soonest and before >= math.max(number('ours'), math.floor(limit)) and
      (omitted == 0 or slot < omitted + 1000000 + 2 * every) then
      put('first', slot)
      return slot
    end
  end
  put('omitted', 0)
  put('first', 0)
  return 0
end
