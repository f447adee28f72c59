-- wrk's script: pageviews of the pool's visitors, as pixels, JSON beacons or GoatCounter's; the same at each call.
-- Environment: POOL (folder made by pool.py), KIND (pixel, json, or count for those of GoatCounter's script), SITE. Requests are written before the clock starts, so
-- that wrk stays cheap. At the end one line of JSON.
local pool_dir, kind, site = os.getenv("POOL"), os.getenv("KIND"), os.getenv("SITE") or "example.com"
local requests_count = 100000

local function lines(name)
  local items = {}
  for line in io.lines(pool_dir .. "/" .. name .. ".txt") do items[#items + 1] = line end
  return items
end

-- A Lehmer generator in doubles gives the same numbers under every Lua.
local state = 20261123
local function random()
  state = (state * 48271) % 2147483647
  return state / 2147483647
end

-- The rank k comes with a probability of about 1/k (Zipf).
local function popular(items)
  local rank = math.floor(math.exp(random() * math.log(#items + 1)))
  return items[math.min(rank, #items)]
end

local function escaped(text)
  return (text:gsub("[^%w%-%._~/]", function(c) return string.format("%%%02X", c:byte()) end))
end

local requests, at = {}, 0

function init()
  local paths, referrers, agents, addresses = lines("paths"), lines("referrers"), lines("agents"), lines("addresses")
  local widths = { 360, 390, 412, 768, 820, 1280, 1366, 1440, 1536, 1920, 2560 }
  -- Each visitor comes twice or more, in an order that has nothing to do with who they are.
  for i = 1, requests_count do
    local visitor = i <= #addresses and (i * 31337) % #addresses + 1 or math.floor(random() * #addresses) + 1
    local page = "https://" .. site .. popular(paths)
    local referrer = random() < 0.45 and popular(referrers) or ""
    local headers = {
      ["Host"] = site, ["User-Agent"] = agents[(visitor * 7919) % #agents + 1], ["X-Forwarded-For"] = addresses[visitor],
      ["Accept-Language"] = "en-GB,en;q=0.8", ["Accept"] = "*/*", ["Accept-Encoding"] = "gzip, deflate, br",
      ["Origin"] = "https://" .. site, ["Referer"] = page,
    }
    if kind == "pixel" then
      local query = "?d=" .. site .. "&u=" .. escaped(page) .. "&r=" .. escaped(referrer)
      requests[i] = wrk.format("GET", "/pixel.gif" .. query, headers)
    elseif kind == "count" then
      local path = page:sub(#("https://" .. site) + 1)
      local query = "?p=" .. escaped(path) .. "&r=" .. escaped(referrer) .. "&s=" .. widths[visitor % #widths + 1] .. ",900,1"
      requests[i] = wrk.format("GET", "/count" .. query, headers)
    else
      headers["Content-Type"] = "text/plain"
      local sent = referrer == "" and "null" or '"' .. referrer .. '"'
      local width = widths[visitor % #widths + 1]
      local body = string.format('{"n":"pageview","u":"%s","d":"%s","r":%s,"w":%d}', page, site, sent, width)
      requests[i] = wrk.format("POST", "/api/event", headers, body)
    end
  end
end

function request()
  at = at % requests_count + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('JSON {"requests":%d,"us":%d,"p50_us":%d,"p99_us":%d,"errors":%d}\n', summary.requests,
    summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
