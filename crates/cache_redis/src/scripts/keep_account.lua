-- Keeps a tenant's account, unless the tenant was forgotten a moment ago. KEYS[1] is a string.
local forgotten, account, life = ARGV[1], ARGV[2], ARGV[3]
if redis.pcall('GET', KEYS[1]) == forgotten then
  return 0
end
redis.call('SET', KEYS[1], account, 'PX', life)
return 1
