-- `rei_domain::rates::give_back`, atomic. KEYS[1] holds a moment in microseconds.
-- ARGV: what the weight costs, the reach; in microseconds.
local cost, reach = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

local known = tonumber(redis.call('GET', KEYS[1]))
if not known then
    return 0
end
local tat = math.min(math.max(known, now), now + reach) - cost
if tat <= now then
    redis.call('DEL', KEYS[1])
else
    redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000))
end
return 0
