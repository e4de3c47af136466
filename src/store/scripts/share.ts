/**
 * The scripts of kept answers: what a leader tells, and what a follower hears.
 *
 * @module
 */
import { LISTENING_MS } from "../store.ts";

/** Reads what stands before a kept answer, and where that ends; nothing where somebody else has written there. */
export const HEAD: string = `
local function headOf(value)
  local line = value and string.find(value, '\\n', 1, true)
  if not line then return nil end
  local isRead, head = pcall(cjson.decode, string.sub(value, 1, line - 1))
  if isRead and type(head) == 'table' and type(head.stamps) == 'table' and type(head.at) == 'number' then
    return head, line
  end
end
`;

const NOW = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
`;

/** KEYS: answer, lease, relay. ARGV: leader, state, milliseconds of the lease, a batch or nothing, an answer or nothing, its time to live. */
export const LEAD: string = `${NOW}
local kept, lease, relay = KEYS[1], KEYS[2], KEYS[3]
local state, ms, batch = ARGV[2], ARGV[3], ARGV[4]
if redis.call('HGET', lease, 'leader') ~= ARGV[1] then return { -1 } end
local listening = redis.call('HMGET', lease, 'followers', 'heardAt')
local followers = 0
if now - tonumber(listening[2]) < ${LISTENING_MS} then followers = tonumber(listening[1]) end
if batch ~= '' then redis.call('RPUSH', relay, batch) end
if state == 'kept' then
  redis.call('SET', kept, '{"at":' .. string.format('%.0f', now) .. ',' .. ARGV[5], 'PX', ARGV[6])
end
if state == 'kept' or state == 'failed' or (state == 'passed' and followers == 0) then
  redis.call('DEL', lease, relay)
else
  redis.call('HSET', lease, 'state', state)
  redis.call('PEXPIRE', lease, ms)
  redis.call('PEXPIRE', relay, ms)
end
return { followers }
`;

/** KEYS: answer, lease, relay. ARGV: leader, number of batches heard. */
export const FOLLOW: string = `${HEAD}${NOW}
local kept, lease, relay = KEYS[1], KEYS[2], KEYS[3]
local found = redis.call('HMGET', lease, 'leader', 'state')
if found[1] == ARGV[1] then
  redis.call('HSET', lease, 'heardAt', string.format('%.0f', now))
  return { found[2], redis.call('LRANGE', relay, ARGV[2], -1) }
end
local value = redis.call('GET', kept)
local head, line = headOf(value)
if head and head.leader == ARGV[1] then return { 'kept', { string.sub(value, line + 1) } } end
return { 'gone', {} }
`;

/**
 * KEYS: the tags of an owner. ARGV: a tag, milliseconds for which no answer is kept longer, the tag of all, how many tags are
 * remembered one by one.
 */
export const PURGE: string = `
local tags, tag, all = KEYS[1], ARGV[1], ARGV[3]
if redis.call('HLEN', tags) >= tonumber(ARGV[4]) and redis.call('HEXISTS', tags, tag) == 0 then
  local purged = redis.call('HGET', tags, all) or '0'
  redis.call('DEL', tags)
  redis.call('HSET', tags, all, purged)
  tag = all
end
redis.call('HINCRBY', tags, tag, 1)
redis.call('PEXPIRE', tags, ARGV[2])
return 1
`;
