/**
 * The scripts of the vault: keys, and the trail of what was done to them.
 *
 * @module
 */
import { HASH_LENGTH } from "../../keys/vault.ts";

/** KEYS: a key, found by one of its secrets. */
export const FIND: string = `return redis.call('GET', KEYS[1])`;

/** KEYS: some ids. ARGV: where to begin, how many. */
export const IDS: string = `return redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], '+', 'LIMIT', 0, ARGV[2])`;

/** KEYS: ids, then the keys of some of them. ARGV: those ids. Ids whose keys are gone are taken out. */
export const TAKE: string = `
local found = {}
for i, id in ipairs(ARGV) do
  local key = redis.call('GET', KEYS[i + 1])
  if key then found[#found + 1] = key else redis.call('ZREM', KEYS[1], id) end
end
return found
`;

/**
 * KEYS: the trail; of a change also the key, the ids of all and of its tenant, its secrets, and the secrets that it has
 * no more. ARGV: rows and hash that the row is chained to, the row; of a change also the version before, the key as
 * JSON, its id, when it is forgotten, and of each secret when it is closed: epoch milliseconds, or nothing for never.
 */
export const WRITE: string = `
local count = redis.call('LLEN', KEYS[1])
local hash = string.rep('0', ${HASH_LENGTH})
if count > 0 then hash = string.sub(redis.call('LINDEX', KEYS[1], -1), 1, ${HASH_LENGTH}) end
if count ~= tonumber(ARGV[1]) or hash ~= ARGV[2] then return { 'moved', string.format('%.0f', count), hash } end
local isChange = #KEYS > 1
if isChange then
  local current = redis.call('GET', KEYS[2])
  local version = current and cjson.decode(current).version or 0
  if version ~= tonumber(ARGV[4]) then return { 'outdated' } end
end
redis.call('RPUSH', KEYS[1], ARGV[3])
if isChange then
  local function set(key, til)
    redis.call('SET', key, ARGV[5])
    if til ~= '' then redis.call('PEXPIREAT', key, til) end
  end
  for i = #ARGV - 7 + 5, #KEYS do redis.call('DEL', KEYS[i]) end
  set(KEYS[2], ARGV[7])
  redis.call('ZADD', KEYS[3], 0, ARGV[6])
  redis.call('ZADD', KEYS[4], 0, ARGV[6])
  for i = 8, #ARGV do set(KEYS[i - 3], ARGV[i]) end
end
return { 'written' }
`;

/** KEYS: the trail. ARGV: the first row, or how many from the end, and how many at most. */
export const ROWS: string = `
local count = redis.call('LLEN', KEYS[1])
local from = tonumber(ARGV[1])
if from < 0 then from = math.max(0, count + from) end
return { string.format('%.0f', count), redis.call('LRANGE', KEYS[1], from, from + tonumber(ARGV[2]) - 1) }
`;
