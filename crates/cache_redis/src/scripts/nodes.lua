-- Notes that a node is there, and returns how many are. KEYS[1] is a sorted set of nodes by when they last said so, in milliseconds.
local node, life = ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local kind = redis.call('TYPE', KEYS[1]).ok
if kind ~= 'zset' and kind ~= 'none' then
  redis.call('DEL', KEYS[1])
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - life)
redis.call('ZADD', KEYS[1], now, node)
redis.call('PEXPIRE', KEYS[1], life)
return redis.call('ZCARD', KEYS[1])
