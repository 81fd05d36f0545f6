-- The rate limit of an identity and interface is one hash, storelink:1:ratelimit:{NAME}. Times are by Redis' own clock,
-- in microseconds; rates are in calls a second; an empty or missing field is a 0 unless something else is said.
--
--   seen      when a script looked at it last
--   epoch     how often Redis' clock was seen to jump: times of another epoch mean nothing
--   next      when the next slot is free
--   every     how long after the latest slot that is
--   free      slots that were given back, separated by commas, the earliest first
--   limit     what refusals taught; missing where they taught nothing
--   bad       the lowest rate that was refused of late; missing likewise
--   before    what limit was before it was raised to try whether more is free
--   kept      limit and bad as they were before the refusals in a row, separated by a comma
--   changed   when limit last changed
--   cut       from which slot on calls are sent at limit, since it was lowered
--   step      the next lowering, as a share of what is allowed
--   climb     the latest raising of a trial, likewise
--   patience  how long it stays calm before more is tried than was refused
--   lone      the slot of the call that was refused last
--   crowd     how many were, each soon after the one before
--   trial     1 while more is tried than was refused, 2 while it is made sure that what is thought to be free is
--   sure      1 where that was made sure, 2 where it was also made sure that a call a second more is not free
--   refused   when WeChat Pay refused a call last
--   ok        the latest slot whose call was not refused
--   row       how many calls were refused since then, one after another
--   rowslot   the latest slot of those
--   stop      until when nobody may call
--   stopped   when that was said
--   strikes   how often calls were stopped since the last one that was not refused
--   probe     the slot of the one call that tries whether calls are refused still
--   generation  how often calls were stopped: slots of an earlier one are void
--   low, high   how long answers take at the least and at the most, in microseconds, slowly forgotten
--   answers   how many of them there were, up to a thousand
--   late      by how much calls arrive unevenly for all that is known, in microseconds, slowly forgotten
--
-- It expires some days after its last use, later than a clock is mostly set forward by. What was learned is good for a day.
local key = KEYS[1]
local allowed = tonumber(ARGV[1])
local h = {}
do
  local flat = redis.call('HGETALL', key)
  for i = 1, #flat, 2 do h[flat[i]] = flat[i + 1] end
end
local function number(name) return tonumber(h[name] or '') or 0 end
local function text(n) return string.format('%.0f', n) end
local t = redis.call('TIME')
local at = tonumber(t[1]) * 1000000 + tonumber(t[2])
local NONE = 1e18
local limit, bad = tonumber(h.limit or '') or NONE, tonumber(h.bad or '') or NONE
local set = {}
local function put(name, value)
  if type(value) == 'number' then
    if value == NONE then value = '' else value = string.format('%.17g', value) end
  end
  if h[name] ~= value then
    h[name] = value
    set[#set + 1] = name
    set[#set + 1] = value
  end
end

-- shift moves all times from an old clock to Redis' clock of now, given what it would show had it not jumped. So slots
-- that are still to come keep their distance, whoever holds them.
local moments = {'next', 'changed', 'cut', 'refused', 'lone', 'ok', 'rowslot', 'stop', 'stopped', 'probe'}
local function shift(was)
  for _, name in ipairs(moments) do
    if number(name) > 0 then put(name, math.max(1, number(name) - was + at)) end
  end
  put('free', '')
  put('epoch', number('epoch') + 1)
end

-- What was written further ahead than anything can be was written by another clock, whatever the reason. Slots are
-- every apart, and hundreds of workers may hold one each. What has happened already cannot lie ahead, but for what a
-- worker takes for Redis' clock; and what is left of a time that does is now.
local past = {'changed', 'refused', 'stopped', 'lone', 'ok', 'rowslot'}
local function sane()
  limit = math.max(limit, allowed * LEAST)
  put('every', math.min(number('every'), 1000000 / (allowed * LEAST)))
  local most, wrong = at + AHEAD + HOLDERS * math.max(number('every'), 1000000 / allowed), false
  for _, name in ipairs(past) do
    if number(name) > at + SKEW then
      put(name, at)
      wrong = true
    end
  end
  for _, name in ipairs({'cut', 'probe'}) do
    if number(name) > most then
      put(name, at)
      wrong = true
    end
  end
  if number('next') > most or number('stop') > at + STOPS then
    put('next', math.min(number('next'), at))
    put('stop', 0)
    put('free', '')
    wrong = true
  end
  if wrong then put('epoch', number('epoch') + 1) end
end

local function save()
  put('seen', at)
  put('limit', limit)
  put('bad', bad)
  if #set > 0 then redis.call('HSET', key, unpack(set)) end
  redis.call('PEXPIRE', key, KEEP)
end

-- What evidence allows: the rate to begin with; more, where answers show that calls cannot arrive unevenly by much, since
-- their times bound that from above; less, where something else shows that they do.
--
-- Of allowed + 1 calls that follow each other by 1/rate, the first may arrive late by the jitter and the last not at all,
-- so that allowed/rate - jitter must be at least a second; and some milliseconds less, for hiccups.
local function holds(jitter) return allowed * HICCUP / (1 + jitter / 1000000) end
local function spread()
  if number('answers') < ENOUGH then return NONE end
  return math.max(0, number('high') - number('low'))
end
local function top()
  local most = allowed * BEGIN
  if spread() < NONE then most = math.max(most, math.min(allowed * MOST, holds(spread()))) end
  return math.min(most, holds(number('late')))
end

-- another is how many calls a second somebody else seems to use: what is refused though no jitter explains it.
local function another()
  if limit == NONE then return 0 end
  local jitter = math.min(spread(), PLAUSIBLE)
  if limit > holds(jitter) - UNEXPLAINED * allowed then return 0 end
  return math.max(0, allowed - math.min(bad, limit + 1))
end

-- courteous leaves room for one call a second more than another client uses. A second holds a whole number of calls: where
-- ours fill what is left, it is the other's that are refused, and we never hear of it.
local function courteous(left) return math.max(allowed * LEAST, LEVEL * (math.floor(left + 0.1) - 1)) end

-- learn lowers the limit after a refusal of a call in slot. Calls of the second after a lowering still meet those that
-- were sent before it, so their refusals say nothing new; and where another client has its share, two calls may meet by
-- chance, so that a refusal says something only where it is certain, or where others were just before it.
local function learn(slot, certain)
  local rate, trial = math.min(limit, top()), number('trial')
  local alone = slot > number('lone') + LONE
  local crowd = slot <= number('lone') + CROWD and number('crowd') + 1 or 1
  put('lone', math.max(slot, number('lone')))
  put('crowd', crowd)
  if trial > 0 then
    if another() > 0 and not certain and (alone or trial == 2 and crowd < 3) then return end
    limit, bad = number('before'), rate
    put('patience', math.min(2 * math.max(number('patience'), PATIENCE), PATIENCES))
  else
    if limit < NONE and slot < number('cut') + 1000000 then return end
    if another() > 0 and crowd < 3 and not certain then return end
    local step = STEP
    if slot < number('cut') + AGAIN then step = math.min(2 * number('step'), STEPS) end
    put('step', step)
    limit, bad = math.max(allowed * LEAST, rate - math.min(step * allowed, rate / 4)), rate
    put('patience', PATIENCE)
  end
  if another() > 0 then
    local room = courteous(bad)
    if room < limit or trial == 0 or (trial == 1 and number('patience') == PATIENCES) then
      put('sure', 0)
    elseif trial == 2 then
      put('sure', 2)
    end
    limit = math.min(limit, room)
  end
  put('trial', 0)
  put('cut', math.max(at, number('next')))
  put('changed', at)
end

-- try raises the limit beyond what was refused: 1 to see whether more is free, 2 to see whether what is thought to be free is.
local function try(trial, to)
  if number('trial') == 0 then put('before', limit) end
  put('trial', trial)
  limit = to
  bad = math.max(bad, limit + NEAR * allowed)
  put('changed', at)
end

-- raise takes back, step by step, what was learned, where it was calm for long enough.
local function raise()
  if limit == NONE then return end
  local most, near, trial = top(), NEAR * allowed, number('trial')
  if limit >= most then
    if bad >= most then
      limit, bad = NONE, NONE
      put('trial', 0)
    end
    return
  end
  local calm = at - math.max(number('changed'), number('refused'))
  if calm > DAY then -- it was another day
    limit, bad = NONE, NONE
    put('trial', 0)
    return
  end
  local patience = math.max(number('patience'), PATIENCE)
  if trial == 1 then
    if calm < (another() > 0 and QUICK or CALM) then return end
    local step = math.min(STEPS, 2 * number('climb'))
    put('climb', step)
    put('before', limit)
    try(1, math.min(most, limit + step * allowed))
  elseif trial == 2 then
    if calm < VERIFY then return end
    limit = number('before')
    if number('sure') == 1 then limit = math.min(most, limit + LEVEL) end
    put('sure', 1)
    put('trial', 0)
    put('changed', at)
  elseif another() > 0 then
    if number('sure') < 2 then
      if calm >= CALM then try(2, math.min(most, limit + DOUBT + number('sure'))) end
    elseif calm >= math.max(patience, PATIENCE2) then
      put('climb', STEP)
      try(1, math.min(most, limit + LEAP)) -- far enough to be refused soon where it is
    end
  elseif limit < bad - 1.5 * near then
    if calm < CALM then return end
    limit = math.min(most, math.max(limit + near, math.min((limit + bad) / 2, bad - near)))
    put('changed', at)
  elseif calm >= patience then
    put('climb', STEP)
    try(1, math.min(most, limit + STEP * allowed))
  end
end

local function state(hold)
  local refused = number('refused')
  return {text(at), text(number('epoch')), text(number('generation')), text(hold),
    text(math.min(limit, top()) * 1000), text(refused > 0 and math.max(0, at - refused) or -1), text(another() * 1000)}
end
