-- Hands an event off. KEYS[1] is a stream.
local event, most = ARGV[1], ARGV[2]
local kind = redis.call('TYPE', KEYS[1]).ok
if kind ~= 'stream' and kind ~= 'none' then
  redis.call('DEL', KEYS[1])
end
return redis.call('XADD', KEYS[1], 'MAXLEN', '~', most, '*', 'event', event)
