-- `rei_domain::rates::give_back` for each key, atomic.
-- KEYS: the cells, each a moment in microseconds. ARGV, two for each key, in microseconds: what
-- the weight costs, the reach. Returns 0 for each key.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])

local answers = {}
for i, key in ipairs(KEYS) do
    local cost, reach = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    local found = redis.pcall('GET', key)
    local known = type(found) == 'string' and found:match('^%d+$') and tonumber(found)
    local tat = math.min(math.max(known or now, now), now + reach) - cost
    if tat > now then
        redis.call('SET', key, string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000))
    elseif found then
        redis.call('DEL', key)
    end
    answers[i] = 0
end
return answers
