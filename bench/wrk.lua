-- wrk -s wrk.lua URL -- FILE OFFSET
-- Rotates over the Authorization headers in FILE, a line each, from line OFFSET on, and prints what
-- came back as JSON.

local lines, place = {}, 0

function init(arguments)
  for line in io.lines(arguments[1]) do
    lines[#lines + 1] = line
  end
  place = tonumber(arguments[2])
end

function request()
  place = place % #lines + 1
  wrk.headers["Authorization"] = lines[place]
  return wrk.format()
end

function done(summary, latency, requests)
  local errors = summary.errors
  print(string.format(
    '{"answers": %d, "seconds": %f, "refused": %d, "lost": %d, "p50": %f, "p99": %f}',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3
  ))
end
