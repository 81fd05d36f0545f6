-- exchange tells Redis what a worker has seen since it asked last, and takes a slot if it wants one.
--
-- KEYS[1]   the rate limit
-- ARGV[1]   calls a second that are allowed
-- ARGV[2]   1 for a slot, 0 to tell and to look only
-- ARGV[3]   how far ahead a slot must be to be of use, in microseconds
-- ARGV[4]   the epoch of all times that follow
-- ARGV[5]   what Redis' clock should show at the earliest now, by the worker's; 0 if it does not know
-- ARGV[6]   how much later than that it may be, in microseconds
-- ARGV[7]   the latest slot that the worker holds; 0 for none
-- ARGV[8]   the latest slot whose call was not refused; 0 for none
-- ARGV[9]   how many answers there were, and how long the quickest and the slowest took, separated by commas
-- ARGV[10]  by how much the worker knows its calls to arrive unevenly, in microseconds
-- ARGV[11]  slots that are given back, or were missed, separated by commas, the earliest first
-- ARGV[12]  the generation of the slots that the worker holds or gives back
--
-- Returns {at, epoch, generation, hold, rate, refused, another, slot}: Redis' clock; how long nobody may call, 0 for not at
-- all, and with a slot, that it is a probe; the rate in force and what another client seems to use, in thousandths of a call a second; how long ago a call was
-- refused, -1 for never; the slot, 0 for none. Times are in microseconds.
local mine = tonumber(ARGV[4]) == number('epoch')
local expected, tolerance = tonumber(ARGV[5]), tonumber(ARGV[6])
local seen = number('seen')
if mine and expected > 0 and at > math.max(expected, seen) + tolerance then
  -- The clock cannot have jumped by more than it has gone on since it was looked at last: where that was just now, it is the
  -- worker that stood still, or its question that was held up.
  shift(math.max(expected, seen))
  mine = false
elseif at < seen - BACK then
  shift(mine and math.max(expected, seen) or seen)
  mine = false
end
if number('seen') == 0 and expected > 0 then
  -- It was forgotten: by an operator, by a fail-over, by a clock that was set. Slots that workers hold still are theirs.
  put('next', at + FORGOTTEN)
end
sane()

local back = mine and ARGV[11] or ''
if mine then
  put('ok', math.max(number('ok'), tonumber(ARGV[8])))
  if ARGV[12] ~= text(number('generation')) then
    back = ''
  elseif tonumber(ARGV[7]) >= number('next') and tonumber(ARGV[7]) > 0 and tonumber(ARGV[7]) < at + AHEAD then
    put('next', tonumber(ARGV[7]) + (number('every') > 0 and number('every') or 1000000 / top()))
  end
end
if number('row') > 0 and number('ok') > number('rowslot') then
  put('row', 0)
  put('strikes', 0)
  put('probe', 0)
end

local n, low, high = string.match(ARGV[9], '^(%d+),(%d+),(%d+)$')
if n and tonumber(n) > 0 then
  n, low, high = tonumber(n), tonumber(low), tonumber(high)
  local before = number('answers')
  if before > 0 then
    local forget = math.min(0.5, n * FORGET) * math.max(0, number('high') - number('low'))
    low, high = math.min(low, number('low') + forget), math.max(high, number('high') - forget)
  end
  put('low', low)
  put('high', high)
  put('answers', math.min(1000, before + n))
end
put('late', math.max(math.min(PLAUSIBLE, tonumber(ARGV[10])), number('late') * 0.99))
weigh()
raise()

local hold, slot = math.max(0, number('stop') - at), 0
local wanted, probing = ARGV[2] == '1', false
if hold == 0 and number('strikes') > 0 then
  -- Calls were stopped: one tries, and the others wait for what becomes of it.
  if number('probe') > 0 and at < number('probe') + PROBE then
    wanted, hold = false, LOOK
  elseif wanted then
    put('probe', math.max(at + tonumber(ARGV[3]), number('next')))
    probing = true
  end
end
local every = 1000000 / math.min(limit, top())
local free = {}
for s in string.gmatch(back, '%d+') do
  -- A probe whose calls were not made says nothing.
  s = tonumber(s)
  discount(s)
  if s == number('first') or s == number('second') then
    put('omitted', 0)
    put('first', 0)
    put('second', 0)
  end
end
for s in string.gmatch((h.free or '') .. ',' .. back, '%d+') do
  if #free < 64 and tonumber(s) > at and tonumber(s) < number('next') then free[#free + 1] = tonumber(s) end
end
table.sort(free)
if hold > 0 then
  free = {}
elseif wanted then
  local soonest = at + tonumber(ARGV[3])
  if #free == 0 then slot = extra(soonest, every) end
  for i, s in ipairs(free) do
    if s >= soonest then
      slot = table.remove(free, i)
      count(slot)
      break
    end
  end
  if slot == 0 then
    local vacant = omit(vacant(1000000 / every), every)
    slot = math.max(soonest, vacant)
    count(slot)
    -- Whoever is nearer can use those before it.
    local first, gap = math.max(vacant, at), slot - every
    while gap >= first and #free < 64 do
      free[#free + 1] = gap
      gap = gap - every
    end
    table.sort(free)
    if number('ours') > 0 then every = every / 2 end -- what was refused is made up for
    put('next', slot + every)
    put('every', every)
  end
end
-- The latest slots that came back need not be kept apart: nobody has had one after them.
while #free > 0 and math.abs(free[#free] + number('every') - number('next')) < 2 do
  put('next', table.remove(free))
end
for i, s in ipairs(free) do free[i] = text(s) end
put('free', table.concat(free, ','))
keep()
save()
if probing then hold = LOOK end
local reply = state(hold)
reply[8] = text(slot)
return reply
