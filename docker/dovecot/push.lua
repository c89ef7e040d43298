-- Tells Postkey of each mail that LMTP has put into a mailbox: who has it, in which folder, and under which UID.
-- Dovecot 2.3.19 or later with its own HTTP client; nothing else is needed.
--
-- Dovecot waits for the answer before it says 250. So the time is bounded and short, nothing is tried again, and no
-- error leaves this file: a Postkey that is away costs a delivery that time and never the mail. After a try in vain
-- nobody is told for a while, or a mail to a hundred recipients would wait a hundred times. What was not heard is found
-- when Postkey next looks by itself.
--
-- The settings are explained in push.conf.

local quiet_seconds = 5
local wait_msecs_standard = 250

-- A JSON string (RFC 8259 section 7).
local function quoted(text)
  return '"' .. text:gsub('[%c"\\]', function(char) return string.format("\\u%04x", char:byte()) end) .. '"'
end

local function hint(user, mail)
  -- Dovecot hands both numbers over as floats.
  return string.format('{"user":%s,"mailbox":%s,"uidvalidity":%.0f,"uid":%.0f}',
    quoted(user), quoted(mail.mailbox), mail.uid_validity, mail.uid)
end

local function post(ctx, mail)
  local client = dovecot.http.client({
    user_agent = "dovecot-postkey-push",
    request_absolute_timeout_msecs = ctx.wait_msecs,
    request_timeout_msecs = ctx.wait_msecs,
    connect_timeout_msecs = ctx.wait_msecs,
    max_attempts = 1,
    max_connect_attempts = 1,
    no_auto_redirect = true,
    no_auto_retry = true,
  })
  local request = client:request({ url = ctx.url, method = "POST" })
  request:add_header("Authorization", "Bearer " .. ctx.token)
  request:add_header("Content-Type", "application/json")
  request:set_payload(hint(ctx.user, mail))
  return request:submit():status()
end

-- This script is loaded anew for each recipient: what is to outlive one stands in a file. Where it cannot be written,
-- everybody waits.
local function is_quiet(path)
  local file = path and io.open(path, "r")
  if not file then return false end
  local left = (tonumber(file:read("l") or "") or 0) - os.time()
  file:close()
  -- More is left only where the clock was set back.
  return left > 0 and left <= quiet_seconds
end

local function be_quiet(path)
  local file = path and io.open(path, "w")
  if not file then return end
  file:write(string.format("%d\n", os.time() + quiet_seconds))
  file:close()
end

local function tell(ctx, mail)
  if is_quiet(ctx.quiet_file) then return end
  local done, answer = pcall(post, ctx, mail)
  if done and answer == 204 then return end
  be_quiet(ctx.quiet_file)
  dovecot.i_warning("postkey push: " .. (done and "answer " or "") .. tostring(answer) .. " from " .. ctx.url)
end

function dovecot_lua_notify_begin_txn(user)
  return {
    user = user.username,
    url = user:plugin_getenv("postkey_push_url"),
    -- A file's line end comes along with its text.
    token = (user:plugin_getenv("postkey_push_token") or ""):match("%S+"),
    wait_msecs = tonumber(user:plugin_getenv("postkey_push_wait_msecs") or "") or wait_msecs_standard,
    quiet_file = user:plugin_getenv("postkey_push_quiet_file"),
    mails = {},
  }
end

function dovecot_lua_notify_event_message_new(ctx, event)
  table.insert(ctx.mails, { mailbox = event.mailbox, uid_validity = event.uid_validity, uid = event.uid })
end

function dovecot_lua_notify_end_txn(ctx, success)
  if not success or not ctx.url or not ctx.token then return end
  for _, mail in ipairs(ctx.mails) do tell(ctx, mail) end
end
