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
--   kept      limit, bad and ours as they were before the refusals in a row, separated by commas
--   changed   when limit last changed
--   cut       from which slot on calls are sent at limit, since it was lowered
--   step      the next lowering, as a share of what is allowed
--   climb     the latest raising of a trial, likewise
--   patience  how long it stays calm before more is tried than was refused, or before the next survey
--   lone      the slot of the call that was refused last
--   crowd     how many were, each soon after the one before
--   trial     1 while more is tried than was refused
--   ours      beside another client: how many calls a second are ours, a whole number; 0 where none is known of
--   survey    when the next survey begins
--   probes    how many probes the survey has had so far
--   room      how many extra calls were not refused in them
--   look      when the next lone probe is due
--   spare     how many lone probes found room for two, one after another
--   omitted   the slot that was left out for the probe that goes on
--   first, second  the slots of the extra calls of the probe that goes on
--   denied    how many of those were refused
--   recent    slots of the last seconds, separated by commas; kept where refusals taught something
--   stride    by how much ours was changed last, 0.5 for one at first; 0 after a survey that changed nothing
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

-- recent are the slots of the last seconds whose calls may count, the earliest first; it is kept where refusals taught something.
local recent = {}
for s in string.gmatch(h.recent or '', '%d+') do
  s = tonumber(s)
  if s > at - 2000000 and s < at + AHEAD then recent[#recent + 1] = s end
end

-- shift moves all times from an old clock to Redis' clock of now, given what it would show had it not jumped. So slots
-- that are still to come keep their distance, whoever holds them.
local moments = {'next', 'changed', 'cut', 'refused', 'lone', 'ok', 'rowslot', 'stop', 'stopped', 'probe', 'survey', 'look',
  'omitted', 'first', 'second'}
local function shift(was)
  for _, name in ipairs(moments) do
    if number(name) > 0 then put(name, math.max(1, number(name) - was + at)) end
  end
  put('free', '')
  recent = {}
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
  for _, name in ipairs({'cut', 'probe', 'omitted', 'first', 'second'}) do
    if number(name) > most then
      put(name, at)
      wrong = true
    end
  end
  if number('survey') > at + PATIENCES or number('look') > at + PATIENCES then
    put('look', at)
    put('survey', at)
    wrong = true
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
