-- One order POST after another, each with an idempotency key of its own.
local counter = 0
local start = tostring(os.time()) .. "-" .. tostring(math.random(1000000000)) .. "-"
local body = '{"amount": 500.00, "currency": "INR"}'

request = function()
  counter = counter + 1
  wrk.headers["Idempotency-Key"] = start .. counter
  return wrk.format("POST", "/v1/payments/orders", nil, body)
end
