package ratelimit

import "github.com/redis/go-redis/v9"

// The pace of an identity and interface is one hash, storelink:1:pace:{IDENTITY:INTERFACE}, by Redis' own clock in
// microseconds:
//
//	next     when the next slot is free
//	rate     calls a second in force
//	changed  when that last changed
//	stop     until when nobody may call
//	refused  when the last refusal was taken note of
//	strikes  refusals one after another
//	jitter   the spread of answer times that any worker sees, slowly forgotten, in microseconds
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
local h = redis.call('HMGET', KEYS[1], 'next', 'rate', 'changed', 'stop', 'refused', 'strikes', 'jitter')
local next, rate, changed = tonumber(h[1] or '0'), tonumber(h[2] or '0'), tonumber(h[3] or '0')
local stop, refused, strikes, jitter = tonumber(h[4] or '0'), tonumber(h[5] or '0'), tonumber(h[6] or '0'), tonumber(h[7] or '0')
if rate <= 0 or rate > allowed then rate, changed = allowed * 0.975, at end
`

// reserve takes the next slot, unless the pace is stopped.
//
// KEYS[1]  the pace
// ARGV[1]  calls a second that are allowed
// ARGV[2]  the spread of answer times that this worker sees, in microseconds
//
// Returns {granted, wait, rate, slot}: 1, how long until the slot is due, and when that is by Redis' clock; or 0 and
// how long the pace is stopped for; microseconds, and the rate in force in thousandths of a call a second.
//
// The rate begins at 97.5 % of what is allowed. While there are no refusals it moves, by a quarter of a percent every
// two seconds, towards the most that keeps any sliding second within the allowance when calls are delayed by up to the
// spread: of allowed + 1 calls that follow each other by 1/r, the first may be late by the spread and the last not, so
// that allowed/r - spread must be at least a second.
var reserve = redis.NewScript(prelude + `
if stop > at then return {'0', text(stop - at), text(rate * 1000), '0'} end
local spread = tonumber(ARGV[2])
jitter = math.max(spread, jitter * 0.998)
local ceiling = allowed * 0.998 / (1 + jitter / 1000000)
local step = allowed * 0.0025
if rate > ceiling then
  rate, changed = math.max(ceiling, rate - step), at
elseif rate < ceiling and at - changed > 2000000 and at - refused > 10000000 then
  rate, changed = math.min(ceiling, rate + step), at
end
local slot = math.max(at, next)
redis.call('HSET', KEYS[1], 'next', text(slot + 1000000 / rate), 'rate', tostring(rate), 'changed', text(changed),
  'jitter', text(jitter))
redis.call('PEXPIRE', KEYS[1], 86400000)
return {'1', text(slot - at), text(rate * 1000), text(slot)}
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
if math.abs(next - slot - 1000000 / rate) > 1 then return 0 end
redis.call('HSET', KEYS[1], 'next', text(slot))
return 1
`)

// refuse takes note of a 429: it stops the pace for everybody, for 1 s, 2 s, 4 s and so on while refusals go on, and
// lowers the rate by a fiftieth of what is allowed, to no less than half of it. Refusals of calls that were in flight
// when the pace was stopped are one refusal.
//
// KEYS[1]  the pace
// ARGV[1]  calls a second that are allowed
//
// Returns {stopped, rate}: for how long, in microseconds, and the rate in force in thousandths.
var refuse = redis.NewScript(prelude + `
if stop > at then return {text(stop - at), text(rate * 1000)} end
if at - stop < 10000000 then strikes = math.min(strikes + 1, 6) else strikes = 1 end
stop = at + 1000000 * 2 ^ (strikes - 1)
rate = math.max(allowed / 2, rate - allowed / 50)
redis.call('HSET', KEYS[1], 'stop', text(stop), 'next', text(math.max(next, stop)), 'rate', tostring(rate),
  'changed', text(at), 'refused', text(at), 'strikes', text(strikes))
redis.call('PEXPIRE', KEYS[1], 86400000)
return {text(stop - at), text(rate * 1000)}
`)
