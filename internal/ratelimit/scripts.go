package ratelimit

import "github.com/redis/go-redis/v9"

// The pace of an identity and interface is one hash, storelink:1:pace:{IDENTITY:INTERFACE}, by Redis' own clock in
// microseconds:
//
//	next     when the next slot is free
//	every    how long after the latest slot that is
//	rate     calls a second in force
//	changed  when that last changed
//	stop     until when nobody may call
//	refused  when the last refusal was taken note of
//	strikes  refusals one after another
//	times    how long the latest answers to all workers took, in microseconds, separated by commas
//	seen     how many answers there were
//	jitter   the spread of those times, slowly forgotten, in microseconds
//
// It expires a day after its last use.
const prelude = `
local function now()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000000 + tonumber(t[2])
end
local function text(number) return string.format('%.0f', number) end
local at = now()
local allowed = tonumber(ARGV[1])
local h = redis.call('HMGET', KEYS[1], 'next', 'rate', 'changed', 'stop', 'refused', 'strikes', 'jitter', 'seen')
local next, rate, changed = tonumber(h[1] or '0'), tonumber(h[2] or '0'), tonumber(h[3] or '0')
local stop, refused, strikes = tonumber(h[4] or '0'), tonumber(h[5] or '0'), tonumber(h[6] or '0')
local jitter, seen = tonumber(h[7] or '0'), tonumber(h[8] or '0')
if rate <= 0 or rate > allowed then rate, changed = allowed * 0.975, at end
`

// reserve takes the next slot, unless the pace is stopped.
//
// KEYS[1]  the pace
// ARGV[1]  calls a second that are allowed
// ARGV[2]  how long this worker's answers since its last reservation took, in microseconds, separated by commas
//
// Returns {granted, wait, rate, slot, jitter, refused}: 1, how long until the slot is due, and when that is by Redis'
// clock; or 0 and how long the pace is stopped for; the rate in force in thousandths of a call a second; the spread of
// answer times; how long ago the last refusal was, or -1. Times are in microseconds.
//
// The rate begins at 97.5 % of what is allowed. While there are no refusals it moves towards the most that keeps any
// sliding second within the allowance when calls are delayed by up to the spread of the answer times, the rarest few
// left out: of allowed + 1 calls that follow each other by 1/r, the first may be late by the spread and the last not,
// so that allowed/r - spread must be at least a second; and then some milliseconds less, since a scheduler has hiccups
// and a refusal stops everybody for a second. It climbs by a quarter of a percent every two seconds, and
// falls by one with each call. Until twenty answers have shown what the network is like, slots are spaced for 60 ms.
// Answers are counted over all workers, since it is between the calls of two workers too that jitter lies.
var reserve = redis.NewScript(prelude + `
local before = seen
if ARGV[2] ~= '' then
  local times = redis.call('HGET', KEYS[1], 'times')
  times = times and times .. ',' .. ARGV[2] or ARGV[2]
  for _ in string.gmatch(ARGV[2], '%d+') do seen = seen + 1 end
  local every = seen <= 20 and 5 or 20
  if math.floor(seen / every) > math.floor(before / every) then
    local sorted = {}
    for t in string.gmatch(times, '%d+') do sorted[#sorted + 1] = t end
    if #sorted > 100 then times = table.concat(sorted, ',', #sorted - 99) end
    local from = math.max(1, #sorted - 99)
    local latest = {}
    for i = from, #sorted do latest[#latest + 1] = tonumber(sorted[i]) end
    table.sort(latest)
    jitter = math.max(jitter, latest[math.ceil(#latest * 0.97)] - latest[1])
  end
  redis.call('HSET', KEYS[1], 'times', times, 'seen', text(seen))
end
local function reply(granted, wait, slot)
  return {granted, text(wait), text(rate * 1000), text(slot), text(jitter), text(refused > 0 and at - refused or -1)}
end
if stop > at then return reply('0', stop - at, 0) end
local ceiling = allowed * math.min(0.99, 0.994 / (1 + jitter / 1000000))
local step = allowed * 0.0025
if rate > ceiling then
  rate, changed = math.max(ceiling, rate - 4 * step), at
elseif rate < ceiling and at - changed > 2000000 and at - refused > 10000000 then
  rate, changed = math.min(ceiling, rate + step), at
end
local slot = math.max(at, next)
local every = 1000000 / (seen < 20 and math.min(rate, allowed * 0.94) or rate)
redis.call('HSET', KEYS[1], 'next', text(slot + every), 'rate', tostring(rate), 'changed', text(changed),
  'every', text(every), 'jitter', text(jitter * 0.998))
redis.call('PEXPIRE', KEYS[1], 86400000)
return reply('1', slot - at, slot)
`)

// giveBack frees a slot that nobody waits for any more, if no other was taken since.
//
// KEYS[1]  the pace
// ARGV[1]  calls a second that are allowed
// ARGV[2]  the slot
//
// Returns 1 if it is free again, else 0.
var giveBack = redis.NewScript(prelude + `
local slot = tonumber(ARGV[2])
if math.abs(next - slot - tonumber(redis.call('HGET', KEYS[1], 'every') or '0')) > 1 then return 0 end
redis.call('HSET', KEYS[1], 'next', text(slot))
return 1
`)

// refuse takes note of a 429: it stops the pace for everybody, for 1 s, 2 s, 4 s and so on while refusals go on, and
// lowers the rate by 1 %, 2 %, 3 % and so on of what is allowed, to no less than half of it. Refusals of calls that were
// in flight when the pace was stopped are one refusal.
//
// KEYS[1]  the pace
// ARGV[1]  calls a second that are allowed
//
// Returns {stopped, rate}: for how long, in microseconds, and the rate in force in thousandths.
var refuse = redis.NewScript(prelude + `
if stop > at then return {text(stop - at), text(rate * 1000)} end
if at - stop < 10000000 then strikes = math.min(strikes + 1, 6) else strikes = 1 end
stop = at + 1000000 * 2 ^ (strikes - 1)
rate = math.max(allowed / 2, rate - strikes * allowed / 100)
redis.call('HSET', KEYS[1], 'stop', text(stop), 'next', text(math.max(next, stop)), 'rate', tostring(rate),
  'changed', text(at), 'refused', text(at), 'strikes', text(strikes))
redis.call('PEXPIRE', KEYS[1], 86400000)
return {text(stop - at), text(rate * 1000)}
`)
