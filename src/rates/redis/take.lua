-- `rei_domain::rates::decide_all`, atomic: all is drawn, or nothing.
-- KEYS: the cells, each a moment in microseconds. ARGV, three for each key, in microseconds:
-- what the weight costs, the tolerance, the reach.
-- Returns for each key 0, or the microseconds after which it allows it.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])

local cells, waits, blocked = {}, {}, false
for i, key in ipairs(KEYS) do
    local cost = tonumber(ARGV[3 * i - 2])
    local tolerance = tonumber(ARGV[3 * i - 1])
    local reach = tonumber(ARGV[3 * i])
    -- What is no moment, of whatever type, is a cell that nobody knows.
    local found = redis.pcall('GET', key)
    local known = type(found) == 'string' and found:match('^%d+$') and tonumber(found)
    local tat = math.min(math.max(known or now, now), now + reach)
    local drawn = tat + cost
    waits[i] = 0
    if tat > now and drawn - now > tolerance then
        waits[i] = math.min(drawn - tolerance, tat) - now
        blocked = true
    end
    cells[i] = { known = known, tat = tat, drawn = drawn }
end

for i, key in ipairs(KEYS) do
    local cell = cells[i]
    local tat = blocked and cell.tat or cell.drawn
    if tat > now and tat ~= cell.known then
        -- Doubles hold these whole; %.0f writes all their digits.
        redis.call('SET', key, string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000))
    end
end
return waits
