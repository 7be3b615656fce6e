-- Takes back what was not spent of a lease. KEYS[1] as in lease.lua.
local id, unspent = ARGV[1], tonumber(ARGV[2])
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then
  return 0
end
local found = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for i = 1, #found, 2 do
  local count, name = string.match(found[i], '^(%d+):(.+)$')
  if name == id then
    local rest = tonumber(count) - unspent
    redis.call('ZREM', KEYS[1], found[i])
    if rest > 0 then
      redis.call('ZADD', KEYS[1], found[i + 1], string.format('%.0f:%s', rest, name))
    end
    return 1
  end
end
return 0
