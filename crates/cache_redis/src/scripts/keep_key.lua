-- Keeps a platform key: a hash that never stays without its end. KEYS[1] is the hash; ARGV its life, then fields and values.
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return redis.call('PEXPIRE', KEYS[1], ARGV[1])
