-- Leases requests of a limit. KEYS[1] is a sorted set: a member `count:id` is a lease, its score the last moment at which it may
-- be spent, in microseconds. A lease counts for a window's length after that. Microseconds fit exactly into a double until 2255.
local window, spend_within = tonumber(ARGV[1]), tonumber(ARGV[2])
local limit, want, id = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local MOST_EXACT, SLICES = 200, 200
local key = KEYS[1]

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local kind = redis.call('TYPE', key).ok
if kind ~= 'zset' and kind ~= 'none' then
  redis.call('DEL', key)
end
redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now - window))

local function put(lease)
  lease.member = string.format('%.0f:%s', lease.count, lease.id)
  redis.call('ZADD', key, string.format('%.0f', lease.last), lease.member)
end

local leases, used = {}, 0
local found = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
for i = 1, #found, 2 do
  local count, name = string.match(found[i], '^(%d+):(.+)$')
  if count then
    local lease = { count = tonumber(count), id = name, last = tonumber(found[i + 1]), member = found[i] }
    -- Nothing may be spent that late: the clock was set back.
    if lease.last > now + window then
      lease.last = now + window
      put(lease)
    end
    used = used + lease.count
    leases[#leases + 1] = lease
  else
    redis.call('ZREM', key, found[i])
  end
end

local granted = math.max(0, math.min(want, limit - used))
if granted > 0 then
  local last, slice, home = now + spend_within, window / SLICES, nil
  if #leases >= MOST_EXACT then
    for i = #leases, 1, -1 do
      if math.floor(leases[i].last / slice) == math.floor(last / slice) then
        home = leases[i]
        break
      end
    end
  end
  if home then
    -- The newest of its slice: it may be made to last a little longer, and the order stays.
    redis.call('ZREM', key, home.member)
    home.count, home.last = home.count + granted, math.max(home.last, last)
  else
    home = { count = granted, id = id, last = last }
    local at = #leases + 1
    while at > 1 and leases[at - 1].last > last do
      at = at - 1
    end
    table.insert(leases, at, home)
  end
  put(home)
  id, used = home.id, used + granted
  redis.call('PEXPIRE', key, math.ceil((leases[#leases].last + window - now) / 1000))
end

local retry_after = 0
if used >= limit then
  retry_after = window
  local rest = used
  for i = 1, #leases do
    rest = rest - leases[i].count
    if rest < limit then
      retry_after = leases[i].last + window - now
      break
    end
  end
end
local reset_after = 0
if #leases > 0 then
  reset_after = leases[#leases].last + window - now
end
return { id, granted, math.max(0, limit - used), retry_after, reset_after }
