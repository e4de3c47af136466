/**
 * The scripts of the ledger: what a call may take, and what became of it. They go by the clock of Redis alone.
 *
 * @module
 */

import { A_WHILE_MS, PARTS, REMEMBERED_MS } from "../store.ts";
import { HEAD } from "./share.ts";

/** Reading and changing counts, as `count.ts` does in memory. */
const COUNTS = `
local function text(n) return string.format('%.0f', n) end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local PARTS = ${PARTS}
local REMEMBERED = ${REMEMBERED_MS}

local function period(c)
  if not c.edges then
    local slot = math.floor(now / c.window)
    return slot, (slot + 1) * c.window
  end
  local at, finish = 0, now + c.window
  for _, edge in ipairs(c.edges) do
    if edge <= now then at = edge else finish = edge break end
  end
  return at, finish
end

local function slots(c)
  local flat = redis.call('HGETALL', c.key)
  local list = {}
  for i = 1, #flat, 2 do list[#list + 1] = { tonumber(flat[i]), tonumber(flat[i + 1]) } end
  table.sort(list, function(a, b) return a[1] < b[1] end)
  return list
end

local read = {}

function read.fixed(c)
  local slot, finish = period(c)
  return { slot = slot, used = tonumber(redis.call('HGET', c.key, text(slot)) or '0'), reset = finish - now,
    free = function() return finish - now end }
end

function read.sliding(c)
  local width = math.ceil(c.window / PARTS)
  local slot = math.floor(now / width)
  local used, live = 0, {}
  for _, part in ipairs(slots(c)) do
    if math.abs(part[1] - slot) > PARTS then redis.call('HDEL', c.key, text(part[1]))
    else
      used = used + part[2]
      live[#live + 1] = part
    end
  end
  return { slot = slot, used = used, reset = c.window, free = function(amount)
    local left = c.limit - used
    for _, part in ipairs(live) do
      left = left + part[2]
      if left >= amount then return (part[1] + PARTS + 1) * width - now end
    end
    return c.window
  end }
end

local function level(c)
  local found = redis.call('HMGET', c.key, 'level', 'at')
  local at = tonumber(found[2] or now)
  return math.max(0, tonumber(found[1] or '0') - math.max(0, now - at) * c.limit / c.window)
end

function read.bucket(c)
  local used = level(c)
  return { slot = 0, used = used, reset = c.window, free = function(amount)
    return math.max(0, math.ceil((amount - c.limit + used) * c.window / c.limit))
  end }
end

function read.concurrent(c)
  redis.call('ZREMRANGEBYSCORE', c.key, '-inf', now)
  return { slot = 0, used = redis.call('ZCARD', c.key), reset = 0, free = function() return ${A_WHILE_MS} end }
end

local function keep(c, key)
  redis.call('PEXPIRE', key or c.key, text(2 * c.window + (c.hold and REMEMBERED or 0)))
end

local function add(c, slot, amount, isNew)
  if c.measure == 'bucket' then
    redis.call('HSET', c.key, 'level', string.format('%.17g', math.max(0, level(c) + amount)), 'at', text(now))
  elseif isNew or redis.call('HEXISTS', c.key, text(slot)) == 1 then
    if isNew and c.measure == 'fixed' and redis.call('HEXISTS', c.key, text(slot)) == 0 then redis.call('DEL', c.key) end
    redis.call('HINCRBY', c.key, text(slot), text(amount + 0))
  else
    return
  end
  keep(c)
end

local function hold(c, id, slot, taken, need, state, til)
  redis.call('HSET', c.holds, id, table.concat({ text(slot), text(taken), text(need), state }, '|'))
  redis.call('ZADD', c.lapses, text(til), id)
  keep(c, c.holds)
  keep(c, c.lapses)
end

local function held(c, id)
  local found = redis.call('HGET', c.holds, id)
  if not found then return nil end
  local slot, taken, need, state = string.match(found, '([^|]*)|([^|]*)|([^|]*)|(.*)')
  return { slot = tonumber(slot), taken = tonumber(taken), need = tonumber(need), state = state }
end

local function lapse(c)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', c.lapses, '-inf', now, 'LIMIT', 0, 50)) do
    local h = held(c, id)
    if h and h.state == 'live' then
      add(c, h.slot, h.need - h.taken, false)
      hold(c, id, h.slot, h.need, h.need, 'lapsed', now + REMEMBERED)
    else
      redis.call('HDEL', c.holds, id)
      redis.call('ZREM', c.lapses, id)
    end
  end
end
`;

/**
 * KEYS: of each claim its count, its holds and their lapses; of an entry the answer, its lease, its relay and the tags.
 * ARGV: the question as JSON.
 */
export const ADMIT: string = `${COUNTS}${HEAD}
local ask = cjson.decode(ARGV[1])
local id, til = ask.id, now + ask.lease
local drafts = {}
local short = { [true] = false, [false] = false }
for i, c in ipairs(ask.claims) do
  c.key, c.holds, c.lapses = KEYS[3 * i - 2], KEYS[3 * i - 1], KEYS[3 * i]
  if c.hold then lapse(c) end
  local r = read[c.measure](c)
  local isHeld
  if c.hold then isHeld = redis.call('HEXISTS', c.holds, id) == 1
  elseif c.measure == 'concurrent' then isHeld = redis.call('ZSCORE', c.key, id) and true or false end
  local isShort = not isHeld and r.used + c.need > c.limit
  if isShort and not c.shadow then short[c.hold] = true end
  drafts[i] = { c = c, r = r, isHeld = isHeld, isShort = isShort }
end

local function standing(d, taken)
  local left = math.max(0, math.floor(d.c.limit - d.r.used) - taken)
  local reset = d.r.reset
  if d.isShort then reset = d.r.free(d.c.need) end
  return { text(taken), text(left), d.isShort and 1 or 0, text(reset) }
end

local function answer(isGranted, entry)
  local standings = {}
  for i, d in ipairs(drafts) do standings[i] = standing(d, d.taken or 0) end
  return { isGranted and 1 or 0, standings, entry or {} }
end

if short[false] then return answer(false) end

local entry
local e = ask.entry
if e then
  local at = 3 * #ask.claims
  local kept, lease, relay, tags = KEYS[at + 1], KEYS[at + 2], KEYS[at + 3], KEYS[at + 4]
  local function isFresh(stamps)
    for tag, stamp in pairs(stamps) do
      if tonumber(redis.call('HGET', tags, tag) or '0') ~= stamp then return false end
    end
    return true
  end
  local flight = redis.call('HMGET', lease, 'leader', 'state', 'stamps')
  local leader = flight[1]
  if not e.skip then
    local value = redis.call('GET', kept)
    local head, line = headOf(value)
    if head and isFresh(head.stamps) then
      entry = { 'hit', string.sub(value, line + 1), text(now - head.at), text(redis.call('PTTL', kept)) }
    elseif leader and flight[2] == 'under way' and isFresh(cjson.decode(flight[3])) then
      redis.call('HINCRBY', lease, 'followers', 1)
      redis.call('HSET', lease, 'heardAt', text(now))
      entry = { 'follow', leader }
    end
  end
  -- While another is under way nobody takes its place: some may have heard a part of it.
  if not entry and not leader and not short[true] then
    local stamps, byTag = {}, {}
    for i, tag in ipairs(e.under) do
      stamps[i] = redis.call('HGET', tags, tag) or '0'
      byTag[tag] = tonumber(stamps[i])
    end
    redis.call('DEL', relay)
    redis.call('HSET', lease, 'leader', id, 'followers', 0, 'heardAt', 0, 'state', 'under way', 'stamps', cjson.encode(byTag))
    redis.call('PEXPIRE', lease, text(e.lease))
    entry = { 'lead', stamps }
  end
end

local isServed = entry and entry[1] ~= 'lead'
if short[true] and not isServed then return answer(false) end

for _, d in ipairs(drafts) do
  local c = d.c
  if not d.isShort and not d.isHeld and not (isServed and c.hold) then
    d.taken = math.min(c.most, math.max(c.need, math.floor((c.limit - d.r.used) / 2)))
    if c.measure == 'concurrent' then
      redis.call('ZADD', c.key, text(til), id)
      keep(c)
    else
      add(c, d.r.slot, d.taken, true)
    end
    if c.hold then hold(c, id, d.r.slot, d.taken, c.need, 'live', til) end
  end
end
return answer(true, entry)
`;

/** KEYS: as of a claim, for each account. ARGV: the accounts as JSON. */
export const SETTLE: string = `${COUNTS}
for i, a in ipairs(cjson.decode(ARGV[1])) do
  local c = a.claim
  c.key, c.holds, c.lapses = KEYS[3 * i - 2], KEYS[3 * i - 1], KEYS[3 * i]
  local isRenewal = a.used == cjson.null
  local til = now + a.lease
  if c.measure == 'concurrent' then
    if isRenewal then
      if redis.call('ZSCORE', c.key, a.id) then redis.call('ZADD', c.key, 'XX', text(til), a.id) keep(c) end
    else
      redis.call('ZREM', c.key, a.id)
    end
  else
    local h = held(c, a.id)
    if isRenewal then
      if h and h.state == 'live' then redis.call('ZADD', c.lapses, 'XX', text(til), a.id) end
    elseif not h or h.state ~= 'settled' then
      local slot = h and h.slot or read[c.measure](c).slot
      add(c, slot, a.used - (h and h.taken or 0), not h)
      hold(c, a.id, slot, a.used, a.used, 'settled', now + REMEMBERED)
    end
  end
end
return 1
`;
