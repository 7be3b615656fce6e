-- Takes events: first those that were abandoned, then new ones. KEYS[1] is a stream. Returns entry, event, entry, event, …
local group, node, abandoned_after, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local taken = {}
local function add(entries)
  for _, entry in ipairs(entries) do
    local fields = entry and entry[2]
    if fields then
      taken[#taken + 1] = entry[1]
      taken[#taken + 1] = fields[2]
    end
  end
end

if redis.call('TYPE', KEYS[1]).ok ~= 'stream' then
  return taken
end
local claimed = redis.pcall('XAUTOCLAIM', KEYS[1], group, node, abandoned_after, '0-0', 'COUNT', most)
if not claimed.err then
  add(claimed[2])
elseif string.find(claimed.err, 'NOGROUP', 1, true) then
  redis.call('XGROUP', 'CREATE', KEYS[1], group, '0')
else
  return claimed
end
local rest = most - #taken / 2
if rest > 0 then
  local read = redis.call('XREADGROUP', 'GROUP', group, node, 'COUNT', rest, 'STREAMS', KEYS[1], '>')
  if read then
    add(read[1][2])
  end
end
return taken
