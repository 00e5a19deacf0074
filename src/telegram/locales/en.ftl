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
card-missing = ⚠️ <b>{ $missing }</b> is missing: your balance is { $now }. The draft is kept: top up, and I'll offer it again.
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

## Top-ups

command-topup = top up the balance
topup-amount = 💰 How much shall we add?
topup-method = 💰 A top-up of <b>{ $amount }</b>. How would you like to pay?
topup-ask-amount = ✍️ Write the amount in roubles: from { $min } to { $max }.
topup-too-small = 🤏 That is too little: a top-up is at least { $min }. Write another amount or choose one in /topup.
topup-too-large = 🐘 That is too much: one top-up is at most { $max }. Write another amount or choose one in /topup.
topup-ask-email = 🧾 The law asks us to send a receipt. Which e-mail shall it go to? We use it for receipts only.
topup-email-refused = 🤔 That does not look like an e-mail address. Write it in full, for example: name@mail.com
topup-unavailable = 🛠 You can't top up right now: payments are out of order for a while. Please come back later.
topup-preparing = ⏳ Preparing the payment of <b>{ $amount }</b>, one moment…
topup-pending = 💰 A top-up of <b>{ $amount }</b>, { $due } to pay. The money is on your balance right after the payment, and I'll tell you.
topup-receipt = 🧾 The receipt goes to { $email }.
topup-paid = ✅ Paid: <b>{ $amount }</b> is on your balance.
topup-parked = 🔎 Your payment of <b>{ $amount }</b> has come, but something in it does not add up. The money is not lost: we'll check it by hand and credit it or send it back. Help: /paysupport
topup-canceled = ✖️ The top-up of <b>{ $amount }</b> did not happen.
topup-credited = ✅ <b>{ $amount }</b> added. Your balance is <b>{ $balance }</b>.
topup-draft = Your request has been waiting, one tap to go:
payment-description = Balance top-up of { $amount }

canceled-expired = The time to pay ran out, nothing was charged. If you still want to top up, start again.
canceled-funds = The bank says there is not enough money on the account. Nothing was charged. Try another card or a smaller amount.
canceled-card = The bank did not accept the card's details. Nothing was charged. Check the number, the date and the code and try again.
canceled-bank = The bank declined the payment. Nothing was charged. A call to the bank or another card helps.
canceled-refunded = The money went back to where it came from.
canceled-ours = Something broke on our side: the payment did not begin or did not finish, nothing was charged. Please try again.
canceled-other = The payment did not go through, nothing was charged. Try again or pay another way.

method-yookassa = By card or SBP
method-stars = With Telegram Stars

## Refunds

command-refund = take back unspent money
command-paysupport = help with payments
refund-none =
    { $days ->
        [one] ↩️ There is nothing to take back: unspent money of top-ups of the last { $days } day can go back. Bonuses can't.
       *[other] ↩️ There is nothing to take back: unspent money of top-ups of the last { $days } days can go back. Bonuses can't.
    }
refund-choose =
    { $days ->
        [one] ↩️ What is unspent of top-ups of the last { $days } day can go back. Which top-up shall go back?
       *[other] ↩️ What is unspent of top-ups of the last { $days } days can go back. Which top-up shall go back?
    }
refund-confirm = ↩️ The top-up of { $date }, { $paid } ({ $method }). Unspent, and this is what comes back: <b>{ $left }</b>. The money goes to where you paid from; banks show it within 3 days.
refund-accepted = ⏳ <b>{ $amount }</b> is on its way back: it is taken off your balance and sent. I'll write when it is done. If it fails, the money returns to your balance.
refund-too-old = ⌛ It is too late to take this top-up back. If you were charged by mistake, write to us: /paysupport
refund-nothing-left = ↩️ All of this top-up is spent or on its way back already.
refund-more = ↩️ Only { $left } of this top-up is left.
refund-whole-only = ↩️ This way of paying gives back a whole top-up only, { $whole }, and a part of it is spent.
refund-too-small = ↩️ Less than { $min } is left: the payment system doesn't send back such small change. You can spend it.
refund-done = ✅ Done: <b>{ $amount }</b> went back to where you paid from. Your balance is <b>{ $balance }</b>.
refund-failed = 😔 The refund of <b>{ $amount }</b> did not go through: the payment system refused. The money is yours again, your balance is <b>{ $balance }</b>. Help: /paysupport
refund-by-method = ↩️ The payment system gave you <b>{ $amount }</b> back, so it is taken off your balance. Your balance is <b>{ $balance }</b>.
refund-under-way = ⏳ The refund of <b>{ $amount }</b> is still on its way. Your balance is <b>{ $balance }</b>.
pay-support =
    { $days ->
        [one] 🤝 <b>Help with payments</b>

            Money is on your balance right after the payment. If more than ten minutes have passed, write us the time and the sum of the payment and we'll find it.

            What is unspent of top-ups of the last { $days } day you can take back yourself: /refund.
       *[other] 🤝 <b>Help with payments</b>

            Money is on your balance right after the payment. If more than ten minutes have passed, write us the time and the sum of the payment and we'll find it.

            What is unspent of top-ups of the last { $days } days you can take back yourself: /refund.
    }

button-topup = 💰 Top up
button-topup-again = 🔁 Try again
button-other-amount = ✍️ Another amount
button-method = { $method } · { $due }
button-pay = Pay { $due }
button-change-email = 🧾 Another e-mail for the receipt
button-refunds = ↩️ Take back unspent money
button-refund-payment = { $date }: take back { $left } of { $paid }
button-refund = ↩️ Take { $left } back
