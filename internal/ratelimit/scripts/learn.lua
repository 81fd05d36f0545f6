-- learn lowers the limit after a refusal of a call in slot. Calls of the second after a lowering still meet those that
-- were sent before it, so their refusals say nothing new; and where another client has its share, two calls may meet by
-- chance, so that refusals say something only in a row, which is certain, and close together, which is worth a survey.
local function learn(slot, certain)
  local crowd = slot <= number('lone') + CROWD and number('crowd') + 1 or 1
  put('lone', math.max(slot, number('lone')))
  put('crowd', crowd)
  local again = slot < number('cut') + AGAIN
  if number('trial') == 0 and limit < NONE and slot < number('cut') + 1000000 then return end
  if number('ours') > 0 then
    if certain then
      if not again then put('stride', 0) end
      move(false)
    else
      if crowd >= 3 then put('survey', math.min(number('survey'), number('changed') + PATIENCE)) end
      return
    end
  elseif number('trial') > 0 then
    limit, bad = number('before'), math.min(limit, top())
    put('patience', math.min(2 * math.max(number('patience'), PATIENCE), PATIENCES))
  else
    local rate, step = math.min(limit, top()), STEP
    if again then step = math.min(2 * number('step'), STEPS) end
    put('step', step)
    limit, bad = math.max(allowed * LEAST, rate - math.min(step * allowed, rate / 4)), rate
    put('patience', PATIENCE)
  end
  restart()
  put('trial', 0)
  put('cut', math.max(at, number('next')))
  put('changed', at)
end

-- try raises the limit beyond what was refused, to see whether more is free.
local function try(to)
  put('before', limit)
  put('trial', 1)
  limit = to
  bad = math.max(bad, limit + NEAR * allowed)
  put('changed', at)
end

-- raise takes back, step by step, what was learned, where it was calm for long enough.
local function raise()
  if limit == NONE then return end
  local calm = at - math.max(number('changed'), number('refused'))
  if calm > DAY then -- it was another day
    forget()
    return
  end
  if number('ours') > 0 or due() and calm < PATIENCE then return end -- it is for the survey to say
  local most, near = top(), NEAR * allowed
  if limit >= most then
    if bad >= most then forget() end
  elseif number('trial') > 0 then
    if calm < CALM then return end
    local step = math.min(STEPS, 2 * number('climb'))
    put('climb', step)
    try(math.min(most, limit + step * allowed))
  elseif limit < bad - 1.5 * near then
    if calm < CALM then return end
    limit = math.min(most, math.max(limit + near, math.min((limit + bad) / 2, bad - near)))
    put('changed', at)
  elseif calm >= math.max(number('patience'), PATIENCE) then
    put('climb', STEP)
    try(math.min(most, limit + STEP * allowed))
  end
end

local function state(hold)
  local refused = number('refused')
  return {text(at), text(number('epoch')), text(number('generation')), text(hold),
    text(math.min(limit, top()) * 1000), text(refused > 0 and math.max(0, at - refused) or -1), text(another() * 1000)}
end
