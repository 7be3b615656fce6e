-- Adds calls, and looks at some members for days to let go. KEYS[1] is a sorted set of `yyyy-mm-dd:tenant` by calls.
-- ARGV: the set's life in seconds, the oldest day to keep, where to look on (empty: nowhere), then members and calls.
-- Returns where to look on next time; "0" after the last.
local life, oldest, cursor = ARGV[1], ARGV[2], ARGV[3]
local kind = redis.call('TYPE', KEYS[1]).ok
if kind ~= 'zset' and kind ~= 'none' then
  redis.call('DEL', KEYS[1])
end
for i = 4, #ARGV, 2 do
  redis.call('ZINCRBY', KEYS[1], ARGV[i + 1], ARGV[i])
end
redis.call('EXPIRE', KEYS[1], life)
if cursor == '' then
  return '0'
end
local page = redis.call('ZSCAN', KEYS[1], cursor, 'COUNT', 100)
for i = 1, #page[2], 2 do
  local member = page[2][i]
  if not string.match(member, '^%d%d%d%d%-%d%d%-%d%d:') or string.sub(member, 1, 10) < oldest then
    redis.call('ZREM', KEYS[1], member)
  end
end
return page[1]
