/**
 * The scripts of kept answers: what a leader tells, and what a follower hears.
 *
 * @module
 */

/** KEYS: answer, lease, relay. ARGV: leader, state, milliseconds of the lease, a batch or nothing, an answer or nothing, its time to live. */
export const LEAD: string = `
local kept, lease, relay = KEYS[1], KEYS[2], KEYS[3]
local state, ms, batch = ARGV[2], ARGV[3], ARGV[4]
if redis.call('HGET', lease, 'leader') ~= ARGV[1] then return { -1 } end
local followers = tonumber(redis.call('HGET', lease, 'followers'))
if batch ~= '' then redis.call('RPUSH', relay, batch) end
if state == 'kept' then
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
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
export const FOLLOW: string = `
local kept, lease, relay = KEYS[1], KEYS[2], KEYS[3]
local found = redis.call('HMGET', lease, 'leader', 'state')
if found[1] == ARGV[1] then return { found[2], redis.call('LRANGE', relay, ARGV[2], -1) } end
local value = redis.call('GET', kept)
if value then
  local line = string.find(value, '\\n', 1, true)
  if cjson.decode(string.sub(value, 1, line - 1)).leader == ARGV[1] then
    return { 'kept', { string.sub(value, line + 1) } }
  end
end
return { 'gone', {} }
`;

/** KEYS: the tags of an owner. ARGV: a tag, milliseconds for which no answer is kept longer. */
export const PURGE: string = `
redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`;
