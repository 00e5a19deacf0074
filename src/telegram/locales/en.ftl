# The bot's texts. Messages are in Telegram's HTML; the keys button-*, toast-*, command-*,
# shape-*, duration-* and language-name are plain text without markup.
# The rule of a text: what happened, what it means for the balance, what to do next.

## Greeting and help

welcome-title = 👋 Hi! I draw pictures from your words and change photos the way you ask.
welcome-bonus = 🎁 <b>{ $bonus }</b> is our gift, already on your balance.
welcome-balance = 💳 Your balance is <b>{ $available }</b>. What shall I draw?

how-words = ✍️ <b>A new picture.</b> Write what to draw, for example: “a ginger cat in a spacesuit on the Moon”.
how-photos = 🖼 <b>Edit photos.</b> Send a photo or an album and say in the caption what to change. Or reply with words to any picture in the chat.
how-money = 🤝 <b>An honest price.</b> You see the exact price first. You pay for a finished picture only: if it fails, the whole amount comes back at once.

help-title = <b>How it works</b>
help-commands = <b>Commands</b>
help-command = /{ $name } — { $summary }

command-start = where to begin
command-help = how it works
command-balance = how much money you have
command-cancel = cancel drafts and the queue
command-boost = boost: your jobs go first
command-stop = stop the boost
command-lang = change the language (язык)

unknown-command = 🤔 There is no command <code>/{ $name }</code>. All commands are in /help, and to get a picture just describe it.

## Balance

balance-available = 💳 Your balance is <b>{ $available }</b>.
balance-held = 🔒 { $held } more is set aside for pictures in progress: you pay only for finished ones.
balance-hint = To begin, write what to draw or send a photo with a caption.

## Language

language-name = English
language-choose = Which language do you prefer?
language-changed = 🇬🇧 Done, let's speak English.

## Cancelling

cancel-nothing = Nothing to cancel: you have no drafts and no pictures in the queue.
cancelled-drafts =
    { $count ->
        [one] 🗑 { $count } draft removed.
       *[other] 🗑 { $count } drafts removed.
    }
cancelled-jobs =
    { $count ->
        [one] ↩️ { $count } picture taken off the queue, its money is back.
       *[other] ↩️ { $count } pictures taken off the queue, their money is back.
    }
cancelled-running =
    { $count ->
        [one] 🎨 { $count } picture is being drawn and can't be stopped. If it fails, the money comes back.
       *[other] 🎨 { $count } pictures are being drawn and can't be stopped. For those that fail, the money comes back.
    }

## The question about photos

ask-what-to-do =
    { $count ->
        [1] 🖼 What shall I do with this photo?
       *[other] 🖼 What shall I do with these { $count } photos?
    }
ask-example = Write it in one message, for example: “remove the background” or “make it a watercolour”.

## The request: mode, shape, size

mode-generate = New picture
mode-edit =
    { $count ->
        [one] Edit of { $count } photo
       *[other] Edit of { $count } photos
    }
title-generate = 🎨 <b>{ $mode }</b>
title-edit = 🖌 <b>{ $mode }</b>
request-look = Shape: { $shape } · size: { $size }

shape-auto-generate = auto (1:1)
shape-auto-edit = like the photo
shape-square = □ { $ratio }
shape-portrait = ▯ { $ratio }
shape-landscape = ▭ { $ratio }

## The draft card

card-price = 💳 Price: <b>{ $price }</b>
card-balance = Balance: { $now } → { $after }
card-valid = The price is valid until { $time } (Moscow time).
card-missing = ⚠️ <b>{ $missing }</b> is missing: your balance is { $now }. The draft is kept: once there is enough money, press “Make it”.
card-renewed = 🔄 The old price ran out, nothing was charged. This is the price now: check it and confirm.
card-changed = 🔄 That button belonged to an older card, nothing was charged. This is the request now: check it and confirm.
card-shapes = 📐 Choose the shape of the picture:
card-discarded = 🗑 The draft is removed, nothing was charged. A new idea? Just write it.
card-confirmed = 👌 This request is already accepted.

## Progress

progress-queued-next = ⏳ In the queue: starting soon.
progress-queued =
    { $ahead ->
        [one] ⏳ In the queue: { $ahead } picture before yours.
       *[other] ⏳ In the queue: { $ahead } pictures before yours.
    }
progress-retrying = 🔁 The first try failed, we'll try again soon. No extra charge.
progress-starting = 🚀 Starting…
progress-drawing = ✨ Drawing…
progress-storing = 🖼 The picture is ready, saving…
progress-sending = 📨 The picture is ready, sending…
progress-unknown = 🔎 The connection broke, we are finding out about your picture. You won't pay twice.
progress-delivered = ✅ Done in { $elapsed }.
progress-elapsed = ⏱ { $elapsed } so far
progress-held = 🔒 { $price } is set aside: you pay only for a finished picture.

duration-seconds =
    { $seconds ->
        [one] { $seconds } second
       *[other] { $seconds } seconds
    }
duration-minutes =
    { $minutes ->
        [one] { $minutes } minute
       *[other] { $minutes } minutes
    }

## It failed

failed-moderation = 🚫 The AI refused: its rules forbid such a picture.
failed-provider = 😔 The AI could not do this request.
failed-timeout = ⌛ The AI did not answer in time.
failed-input = 🖼 The source photo could not be opened: it is unavailable or damaged.
failed-ours = 🛠 Something broke on our side, so there is no picture.
failed-cancelled = ✖️ Cancelled.
failed-returned = ↩️ The whole <b>{ $price }</b> is back. Your balance is <b>{ $balance }</b>.
hint-rephrase = Describe the idea in other words and send it again.
hint-rephrase-edit = Describe the edit in other words or take another photo.
hint-again = Try again a little later.
hint-resend = Send the photo again with a caption that says what to change.

## The finished picture

result-paid = 💳 { $price } paid · balance { $balance }

## What can't be used

unsupported-sticker = 🙈 A sticker can't become a picture. Send a photo with a caption or describe your idea in words.
unsupported-voice = 🙉 I don't understand voice and audio. Write the same as text.
unsupported-video = 🎬 I don't work with videos. Send a photo with a caption or describe a picture in words.
unsupported-file = 📄 This file can't be used: send a PNG, JPEG or WebP picture.
unsupported-too-large = 🐘 The picture is too large: the limit is { $megabytes } MB. Send it as a photo instead of a file, and Telegram will make it smaller.
unsupported-too-long =
    { $chars ->
        [one] ✂️ The description is too long: the limit is { $chars } character. Shorten it and send it again.
       *[other] ✂️ The description is too long: the limit is { $chars } characters. Shorten it and send it again.
    }
unsupported-empty = ✍️ There are no words here. Write what to draw.
unsupported-too-many = 🖼 Too many photos: one request takes up to { $pictures }. Send fewer.
unsupported-other = 🤷 I can't work with this. Send a text or a photo with a caption.

try-later = 🛠 That didn't work: something broke on our side. Nothing was charged. Try again in a minute.

## Boost

boost-what = 🚀 <b>Boost</b>: while it runs, your jobs go first.
boost-price =
    A second costs { $second }, a minute { $minute }.
    Money is set aside ahead: { $window } for { $length }. What is not used comes back.
boost-lasts = That is enough for { $length }.
boost-running =
    🚀 <b>The boost is on</b>: your jobs go first.
    Running for { $elapsed }, spent { $spent } ({ $second } a second).
boost-not-enough = 💸 { $missing } more is needed to start a boost.
boost-cap = 🛑 Your spending limit is used up. It frees up at { $time } Moscow time.
boost-banned = ⛔ You cannot place orders. Write to support: /paysupport
boost-price-changed = 🔄 The price has changed, this is today's.
boost-end-stopped = 🏁 The boost is off.
boost-end-balance = 🏁 The boost has ended: the balance does not cover more of it.
boost-end-cap = 🏁 The boost has ended: your spending limit is used up.
boost-end-banned = 🏁 The boost has ended: you cannot place orders.
boost-end-unattended = 🏁 The boost broke off, and it was our fault. Nothing was charged beyond what was set aside.
boost-used = It ran for { $length }.
boost-used-nothing = It ran for less than a second.
boost-sum = 💳 Charged { $charged }, your balance is <b>{ $balance }</b>.
boost-warning-balance = ⏳ The boost will stop in { $length }: there is no money for more of it.
boost-warning-cap = ⏳ The boost will stop in { $length }: your spending limit is used up.
boost-warning-banned = ⏳ The boost will stop in { $length }.
stop-nothing = Nothing runs by the second now. To cancel drafts and the queue: /cancel

## Statement and receipts

command-history = every movement of your money
command-usage = what was sold, and when
command-statement = a month's statement as a file
command-receipt = a receipt that can be verified

history-title = 📒 <b>Movements of money</b>
history-held = 🔒 { $held } set aside.
history-owed = ⚠️ You owe <b>{ $owed }</b>: the next money that comes in repays it.
history-empty = Nothing has moved yet.
history-line = <code>{ $time }</code> <b>{ $sum }</b> · { $what } → { $balance }
history-note = Moscow time. After the arrow: what is left, money set aside included.

line-bonus = 🎁 gift
line-payment = 💳 top-up
line-admin-credit = 🛠 given by support
line-admin-debit = 🛠 taken by support
line-debt = 🛠 noted as a debt
line-debt-payment = ⚠️ debt repaid
line-reversal = ↩️ payment taken back, noted as a debt
line-set-aside = 🔒 set aside
line-set-aside-job = 🔒 set aside for a picture
line-set-aside-usage = 🔒 set aside for a boost
line-returned = ↩️ was set aside, all of it came back
line-charged = charged
line-charged-job = 🎨 picture
line-charged-usage = 🚀 boost
line-refund = 💸 returned to the payer
line-job-refund = ↩️ given back for a picture

usage-title = 🧮 <b>What was sold</b>
usage-today =
    { $sessions ->
        [one] Today: { $sessions } session, { $seconds }, <b>{ $sum }</b>
       *[other] Today: { $sessions } sessions, { $seconds }, <b>{ $sum }</b>
    }
usage-month =
    { $sessions ->
        [one] This month: { $sessions } session, { $seconds }, <b>{ $sum }</b>
       *[other] This month: { $sessions } sessions, { $seconds }, <b>{ $sum }</b>
    }
usage-empty = No sessions yet.
usage-image = <code>{ $time }</code> 🎨 { $rate } a picture, charged <b>{ $sum }</b> · { $end }
usage-output = <code>{ $time }</code> 🎬 { $seconds } at { $rate } a second, charged <b>{ $sum }</b> · { $end }
usage-running = <code>{ $time }</code> 🚀 { $seconds } at { $rate } a second, charged <b>{ $sum }</b> · { $end }
usage-end-runs = running
usage-end-delivered = done
usage-end-moderation = refused by the model's rules
usage-end-cancelled = cancelled
usage-end-failed = failed
usage-end-stopped = stopped by you
usage-end-balance = out of money
usage-end-cap = limit used up
usage-end-banned = orders closed
usage-end-unattended = broke off by our fault

statement-how = 📄 A month is written like this: <code>/statement 2026-11</code>. Without one you get this month's.
statement-empty = 📄 Nothing moved in { $month }.
receipt-nothing = Nothing has moved yet, so there is nothing to give a receipt for.
receipt-how = 🧾 A receipt proves that these movements are written in our books and have not been changed since. Keep the file: it can be verified at any time, even without us.
receipt-page = Verify it in a browser: { $page }

table-number = No.
table-time = Time (Moscow)
table-kind = Kind
table-what = What happened
table-amount = Amount, RUB
table-change = Change, RUB
table-balance = Balance, RUB
table-reference = Reference

button-newer = ‹ Newer
button-older = Older ›
button-newest = « Newest
button-receipt = 🧾 Receipt

## Buttons

button-current = ✓ { $name }
button-shape = 📐 Shape: { $shape }
button-confirm = ✅ Make it for { $price }
button-discard = ✖️ Cancel
button-back = ‹ Back
button-cancel-job = ✖️ Cancel for free
button-again = 🔁 Again
button-edit-result = 🖌 Edit this
button-as-file = 📎 As file

button-start-boost = 🚀 Start
button-stop-boost = ⏹ Stop

## Answers to taps

toast-accepted = Accepted, here we go!
toast-already-running = Already in progress: you won't be charged twice.
toast-already-cancelled = Cancelled already, nothing was charged.
toast-outdated = This button is out of date. Nothing was charged.
toast-not-enough = Not enough money. The draft is kept.
toast-stopping = Stopping…
toast-job-cancelled = Cancelled, the money is back on your balance.
toast-too-late = The picture is being drawn, it can't be cancelled any more. If it fails, the money comes back.
toast-already-finished = This is finished already.
toast-sending-file = Sending the file without loss of quality.
toast-not-found = We can't find this request. Write what to draw and start afresh.
toast-try-later = Something broke on our side. Try again in a minute.
