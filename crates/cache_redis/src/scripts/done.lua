-- Says that events are routed. KEYS[1] is a stream, gone with its last entry; ARGV the group, then the entries.
if redis.call('TYPE', KEYS[1]).ok ~= 'stream' then
  return 0
end
local group = table.remove(ARGV, 1)
redis.pcall('XACK', KEYS[1], group, unpack(ARGV))
redis.call('XDEL', KEYS[1], unpack(ARGV))
if redis.call('XLEN', KEYS[1]) == 0 then
  redis.call('DEL', KEYS[1])
end
return 1
