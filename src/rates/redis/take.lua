-- One taking of `rei_domain::rates::decide`, atomic. KEYS[1] holds a moment in microseconds.
-- ARGV: what the weight costs, the tolerance, the reach; all in microseconds.
-- Returns 0 when it is taken, else the microseconds to wait.
local cost, tolerance, reach = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

local function keep(tat)
    -- Doubles hold these whole; %.0f writes all their digits.
    local text = string.format('%.0f', tat)
    redis.call('SET', KEYS[1], text, 'PX', math.ceil((tat - now) / 1000))
end

local known = tonumber(redis.call('GET', KEYS[1])) or now
local tat = math.min(math.max(known, now), now + reach)
local new_tat = tat + cost
if tat <= now or new_tat - now <= tolerance then
    if new_tat > now then
        keep(new_tat)
    end
    return 0
end
if tat ~= known then
    keep(tat)
end
return math.min(new_tat - tolerance, tat) - now
