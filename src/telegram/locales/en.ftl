# The bot's texts. Messages are in Telegram's HTML; the keys button-*, toast-*, command-*,
# shape-*, duration-* and language-name are plain text without markup.
# The rule of a text: what happened, what it means for the balance, what to do next.

## Greeting and help

welcome-title = 👋 Hi! I draw pictures from words, change photos the way you ask, and make videos.
welcome-bonus = 🎁 <b>{ $bonus }</b> is our gift, already on your balance.
welcome-balance = 💳 Your balance is <b>{ $available }</b>. What shall I draw?

how-words = ✍️ <b>A new picture.</b> Write what to draw, for example: “a ginger cat in a spacesuit on the Moon”.
how-photos = 🖼 <b>Edit photos.</b> Send a photo or an album and say in the caption what to change. Or reply with words to any picture in the chat.
how-video = 🎬 <b>Videos.</b> Press “Make a video” under a request or “Animate” under a picture. Or at once: /video and a description. To change a video of yours, send it and say in the caption what to change.
how-money = 🤝 <b>An honest price.</b> You see the exact price first. You pay for a finished result only: if it fails, the whole amount comes back at once.

help-title = <b>How it works</b>
help-commands = <b>Commands</b>
help-command = /{ $name } — { $summary }

command-start = where to begin
command-help = how it works
command-balance = how much money you have
command-cancel = cancel drafts and the queue
command-limits = your spending limits
command-boost = boost: your jobs go first
command-stop = stop the boost or a series
command-video = a video from words
command-lang = change the language (язык)

unknown-command = 🤔 There is no command <code>/{ $name }</code>. All commands are in /help, and to get a picture just describe it.

## Balance

balance-available = 💳 Your balance is <b>{ $available }</b>.
balance-held = 🔒 { $held } more is set aside for requests in progress: you pay only for those that are finished.
balance-hint = To begin, write what to draw or send a photo with a caption.

## Language

language-name = English
language-choose = Which language do you prefer?
language-changed = 🇬🇧 Done, let's speak English.

## Cancelling

cancel-nothing = Nothing to cancel: you have no drafts and no requests in the queue.
cancelled-drafts =
    { $count ->
        [one] 🗑 { $count } draft removed.
       *[other] 🗑 { $count } drafts removed.
    }
cancelled-jobs =
    { $count ->
        [one] ↩️ { $count } request taken off the queue, its money is back.
       *[other] ↩️ { $count } requests taken off the queue, their money is back.
    }
cancelled-running =
    { $count ->
        [one] 🎨 { $count } request is at work and can't be stopped. If it fails, the money comes back.
       *[other] 🎨 { $count } requests are at work and can't be stopped. For those that fail, the money comes back.
    }

## The question about photos

ask-what-to-do =
    { $count ->
        [1] 🖼 What shall I do with this photo?
       *[other] 🖼 What shall I do with these { $count } photos?
    }
ask-clip =
    🎬 What shall I do with this video?
    Write it in one message, for example: “make it an anime” or “turn the car into a carriage”.
ask-how-to-move =
    🎬 What shall happen in the video?
    Write it in one message, for example: “the cat slowly turns its head, the camera moves away”.
ask-example = Write it in one message, for example: “remove the background” or “make it a watercolour”.

## The request: mode, shape, size

mode-generate = New picture
mode-edit =
    { $count ->
        [one] Edit of { $count } photo
       *[other] Edit of { $count } photos
    }
mode-text-to-video = Video from words
mode-image-to-video =
    { $count ->
        [1] Video from a photo
       *[other] Video from the first frame to the last
    }
mode-video-to-video = New video from yours
mode-motion = Your photo moves as in the video
title-video = 🎬 <b>{ $mode }</b>
title-generate = 🎨 <b>{ $mode }</b>
title-edit = 🖌 <b>{ $mode }</b>
request-look = { $model } · shape: { $shape } · size: { $size }

shape-auto-generate = auto (1:1)
shape-auto-edit = like the photo
shape-square = □ { $ratio }
shape-portrait = ▯ { $ratio }
shape-landscape = ▭ { $ratio }

## Videos

video-look = { $model } · { $length } · { $quality } · { $sound }
video-seconds = { $seconds } s
video-sound-on = with sound
video-sound-off = silent
video-sound-kept = sound of the clip
video-rate = { $rate } a second × { $length }
video-without-model = ℹ️ { $model }: { $why }
video-quality-silent = ℹ️ { $quality }: without sound only.
video-quality-with-sound = ℹ️ { $quality }: with sound only.
video-quality-no-end-frame = ℹ️ { $quality }: with one photo only, without a last frame.
video-sound-elsewhere = ℹ️ With sound: not in { $quality }, choose another quality.
video-sound-no-end-frame = ℹ️ With a last frame: without sound only.
video-silence-elsewhere = ℹ️ Without sound: not in { $quality }, choose another quality.
video-refused = 🎬 This video can't be made: { $why } Nothing was charged.
video-how =
    🎬 Write after the command what shall be in the video, for example:
    <code>/video a ginger cat runs on the Moon, the camera flies beside it</code>
video-why-unknown = there is no such thing now.
video-why-retired = its maker switched this model off on { $day }, take { $replacement } instead.
video-why-no-text = makes no videos from words alone.
video-why-no-picture = makes no videos from photos.
video-why-no-clip = does not change clips.
video-why-no-motion = does not transfer motion.
video-why-needs-picture = send a photo of who shall move like that together with the clip.
video-why-too-many-pictures =
    { $max ->
        [0] photos are not needed here.
        [one] only { $max } photo is taken.
       *[other] at most { $max } photos are taken.
    }
video-why-too-many-clips = only one clip is taken.
video-why-prompt =
    { $chars ->
        [one] the description may have at most { $chars } character.
       *[other] the description may have at most { $chars } characters.
    }
video-why-clip-length = the clip must last from { $min } to { $max } seconds.
video-why-clip-pixels = the sides of the clip must be from { $min } to { $max } pixels.
video-why-picture-pixels = the photo is too small, each side needs at least { $min } pixels.
video-why-picture-kind = this kind of picture file can't be used, it must be JPEG or PNG. Send it as a photo instead of a file.
video-why-narrow = the frame is too narrow, one side may be at most { $times } times as long as the other.
video-why-combination = there is no such combination.

## The question before a payment in Stars (plain text)

checkout-unknown = This invoice is no longer valid. Open a new one: /topup
checkout-another-payer = This is another person's invoice. To top up your own balance, write /topup to the bot
checkout-paid = This invoice is paid already, there is no need to pay twice.
checkout-expired = The invoice has expired, no Stars were taken. Open a new one: /topup
checkout-under-way = This invoice is being paid right now, no Stars were taken. Wait a minute.
checkout-later = The payment can't be taken right now, no Stars were taken. Try again in a minute.

## The draft card

card-price = 💳 Price: <b>{ $price }</b>
card-balance = Balance: { $now } → { $after }
card-valid = The price is valid until { $time } (Moscow time).
card-missing = ⚠️ <b>{ $missing }</b> is missing: your balance is { $now }. The draft is kept: top up, and I'll offer it again.
card-renewed = 🔄 The old price ran out, nothing was charged. This is the price now: check it and confirm.
card-offered-again = 🔁 This request failed before, and its money came back. It should work now: check it and confirm if you still want it.
card-changed = 🔄 That button belonged to an older card, nothing was charged. This is the request now: check it and confirm.
card-shapes = 📐 Choose the shape of the picture:
card-discarded = 🗑 The draft is removed, nothing was charged. A new idea? Just write it.
card-confirmed = 👌 This request is already accepted.

## Progress

progress-queued-next = ⏳ In the queue: starting soon.
progress-queued =
    { $ahead ->
        [one] ⏳ In the queue: { $ahead } order before yours.
       *[other] ⏳ In the queue: { $ahead } orders before yours.
    }
progress-queued-far = ⏳ In the queue: more than { $ahead } orders before yours.
progress-retrying = 🔁 The first try failed, we'll try again soon. No extra charge.
progress-starting = 🚀 Starting…
progress-drawing =
    { $kind ->
        [video] 🎬 Filming: this takes a few minutes…
       *[other] ✨ Drawing…
    }
progress-storing =
    { $kind ->
        [video] 🎬 The video is ready, saving…
       *[other] 🖼 The picture is ready, saving…
    }
progress-sending =
    { $kind ->
        [video] 📨 The video is ready, sending…
       *[other] 📨 The picture is ready, sending…
    }
progress-unknown =
    { $kind ->
        [video] 🔎 The connection broke, we are finding out about your video. You won't pay twice.
       *[other] 🔎 The connection broke, we are finding out about your picture. You won't pay twice.
    }
progress-delivered = ✅ Done in { $elapsed }.
progress-elapsed = ⏱ { $elapsed } so far
progress-eta = ⌛ Such a request usually takes { $half } to { $most }
progress-eta-one = ⌛ Such a request usually takes { $most }
progress-eta-waiting = ⌛ Probably ready in { $half } to { $most }
progress-eta-waiting-one = ⌛ Probably ready in { $most }
progress-held =
    { $kind ->
        [video] 🔒 { $price } is set aside: you pay only for a finished video.
       *[other] 🔒 { $price } is set aside: you pay only for a finished picture.
    }

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

failed-moderation =
    { $kind ->
        [video] 🚫 The AI refused: its rules forbid such a video.
       *[other] 🚫 The AI refused: its rules forbid such a picture.
    }
failed-provider = 😔 The AI could not do this request.
failed-timeout = ⌛ The AI did not answer in time.
failed-input = 🖼 The source photo could not be opened: it is unavailable or damaged.
failed-inputs-too-large = 🐘 The source photos together are too large for one request.
failed-ours =
    { $kind ->
        [video] 🛠 Something broke on our side, so there is no video.
       *[other] 🛠 Something broke on our side, so there is no picture.
    }
failed-cancelled = ✖️ Cancelled.
failed-returned = ↩️ The whole <b>{ $price }</b> is back. Your balance is <b>{ $balance }</b>.
hint-rephrase = Describe the idea in other words and send it again.
hint-rephrase-edit = Describe the edit in other words or take another photo.
hint-again = Try again a little later.
hint-resend = Send the photo again with a caption that says what to change.
hint-resend-smaller = Send fewer of them, or send them as photos instead of files: Telegram makes photos smaller.

## The finished picture

result-paid = 💳 { $price } paid · balance { $balance }
result-late = 🎁 It came after all, too late to be paid for: { $price } went back to you, keep it. Balance { $balance }
result-by-link = 📦 The file is larger than Telegram takes: press the button to download it. The link works for a week; keep it to yourself.
result-unreachable = 📦 The file is larger than Telegram takes and cannot be fetched elsewhere yet. It is kept for you: /paysupport

## What can't be used

unsupported-sticker = 🙈 A sticker can't become a picture. Send a photo with a caption or describe your idea in words.
unsupported-voice = 🙉 I don't understand voice and audio. Write the same as text.
unsupported-video = 🎬 I don't take GIFs and round videos. Send an ordinary video or a photo with a caption.
unsupported-file = 📄 This file can't be used: send an intact PNG, JPEG or WebP picture, or an MP4 or MOV video.
unsupported-too-many-pixels = 🐘 This file has too many pixels. Make it smaller, or send the picture as a photo, and Telegram will.
unsupported-gone = 🕳 Telegram doesn't hand this file out any more. Send it again.
unsupported-too-large = 🐘 The picture is too large: the limit is { $megabytes } MB. Send it as a photo instead of a file, and Telegram will make it smaller.
unsupported-clip-too-large = 🐘 The video is too large: the limit is { $megabytes } MB. Cut it shorter and send it again.
unsupported-too-large-together = 🐘 These photos together are too large: the limit for one request is { $megabytes } MB. Send fewer of them, or as photos instead of files, and Telegram will make them smaller.
unsupported-too-long =
    { $chars ->
        [one] ✂️ The description is too long: the limit is { $chars } character. Shorten it and send it again.
       *[other] ✂️ The description is too long: the limit is { $chars } characters. Shorten it and send it again.
    }
unsupported-empty = ✍️ There are no words here. Write what to draw.
unsupported-too-many = 🖼 Too many photos: one request takes up to { $pictures }. Send fewer.
unsupported-other = 🤷 I can't work with this. Send a text or a photo with a caption.

try-later = 🛠 That didn't work: something broke on our side. Nothing was charged. Try again in a minute.

## Limits

limits-title = 🧮 <b>Your spending limits</b>
limits-hour = an hour
limits-day = a day
limits-line = { $period }: spent <b>{ $spent }</b>, limit { $limit }. Starts anew at { $time } (Moscow).
limits-line-free = { $period }: spent <b>{ $spent }</b>, no limit.
limits-choose = Press a sum to set a limit of your own; it holds at once, higher or lower than before.
limits-raised = ✅ The limit is higher now. It takes effect at once, with your next order.
limits-lowered = ✅ The limit is lower now. It takes effect at once, with your next order.
limits-same = ✅ Saved: you can spend as much as before.
limits-without-effect = ↳ Your own limit is above what is allowed, so { $limit } holds.
limits-set-hour = Hour: { $sum }
limits-set-day = Day: { $sum }
limits-no-hour = Hour: no limit of my own
limits-no-day = Day: no limit of my own
limits-how =
    Your own limits: <code>/limits 500 2000</code> is ₽500 an hour and ₽2000 a day. A dash in place of a sum removes one of them, <code>/limits off</code> both. You cannot set more than is allowed.
card-capped = 🛑 The limit for { $period } ({ $limit }) is used up. It starts anew at { $time } (Moscow), the draft is kept. Limits: /limits
card-capped-platform = 🛑 There are too many orders from everybody now. Try after { $time } (Moscow): the draft is kept, nothing was charged.
slow-down = 🐢 Too fast. You can go on in { $length }: nothing was charged.

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
card-series =
    🎞 <b>Series</b>: several variations of one request, one after the other.
    Money is set aside for one step at a time. To stop after the running one: /stop
series-stopping =
    { $count ->
        [one] ⏹ The running picture will be finished, then the series stops.
       *[other] ⏹ The running pictures will be finished, then { $count } series stop.
    }
series-last-step = ⏳ Series: step { $step } of { $wanted } is running, and there is no money for the next. Top up and the series goes on.
series-end-completed = 🏁 The series is done.
series-end-stopped = 🏁 The series is stopped.
series-end-balance = 🏁 The series has stopped: the balance does not cover the next step.
series-end-cap = 🏁 The series has stopped: your spending limit is used up.
series-end-banned = 🏁 The series has stopped: you cannot place orders.
series-end-refused = 🏁 The series has stopped: the model refused this request.
series-end-failed = 🏁 The series has stopped: a step failed, and its money is back.
series-counts =
    { $delivered ->
        [0] No picture of { $wanted }.
        [one] { $delivered } picture of { $wanted } in { $took }.
       *[other] { $delivered } pictures of { $wanted } in { $took }.
    }
stop-nothing = No boost and no series runs now. To cancel drafts and the queue: /cancel

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
line-set-aside-job =
    { $kind ->
        [video] 🔒 set aside for a video
       *[other] 🔒 set aside for a picture
    }
line-set-aside-usage = 🔒 set aside for a boost
line-returned = ↩️ was set aside, all of it came back
line-charged = charged
line-charged-job =
    { $kind ->
        [video] 🎬 video
       *[other] 🎨 picture
    }
line-charged-usage = 🚀 boost
line-refund = 💸 returned to the payer
line-job-refund = ↩️ given back for a request

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

button-close = ✖️ Close
button-current = ✓ { $name }
button-shape = 📐 Shape: { $shape }
button-confirm = ✅ Make it for { $price }
button-discard = ✖️ Cancel
button-back = ‹ Back
button-cancel-job = ✖️ Cancel for free
button-again = 🔁 Again
button-edit-result = 🖌 Edit this
button-edit-clip = 🖌 Change this video
button-animate = 🎬 Animate
button-model-at = 🍌 { $model } · { $price }
button-as-video = 🎬 Make a video
button-as-picture = 🖼 A picture instead
button-sound-on = 🔊 Sound
button-sound-off = 🔇 Silent
button-clip-edit = 🖌 Change
button-clip-motion = 🕺 Copy the motion
button-as-file = 📎 As file
button-favour = ⭐ Keep
button-download = ⬇️ Download

button-series = 🎞 Series
button-series-count = 🎞 { $count } for { $price }
button-start-boost = 🚀 Start
button-stop-boost = ⏹ Stop

## Answers to taps

toast-accepted = Accepted, here we go!
toast-already-running = Already in progress: you won't be charged twice.
toast-already-cancelled = Cancelled already, nothing was charged.
toast-outdated = This button is out of date. Nothing was charged.
toast-not-enough = Not enough money. The draft is kept.
toast-limited = Not now: the card says why.
toast-stopping = Stopping…
toast-job-cancelled = Cancelled, the money is back on your balance.
toast-too-late = It is being made and can't be cancelled any more. If it fails, the money comes back.
toast-already-finished = This is finished already.
toast-sending-file = Sending the file without loss of quality.
toast-not-found = We can't find this request. Write what to draw and start afresh.
toast-kept-no-longer = It was kept for a while and is gone by now. What stands in this chat stays: send it to me and say what to do with it.
toast-favoured = ⭐ We keep this file for good. Press ⭐ again and we keep it for its usual time only.
toast-favoured-no-longer = ☆ No longer a favourite: we keep the file for its usual time only.
toast-favourites-full = You have as many favourites as we can keep. Press ⭐ under one that you don't need any more.
toast-try-later = Something broke on our side. Try again in a minute.

## For admins

command-admin-help = the admin's commands
command-admin-user = all about a user
command-admin-jobs = a list of jobs
command-admin-audit = the audit log
command-admin-why = why a job went where it went
command-admin-replay = offer a failed job to its user again
command-admin-providers = how the providers stand
command-admin-add = give money
command-admin-sub = take money
command-admin-adjust = correct a balance
command-admin-refund = give back what a job cost, or a payment
command-admin-cancel-job = withdraw a waiting job
command-admin-caps = set spending caps
command-admin-ban = forbid orders
command-admin-unban = allow orders again
command-admin-cordon = give a provider no new work
command-admin-uncordon = give it work again

admin-form-help = /admin
admin-form-user = /admin_user ID|@name
admin-form-jobs = /admin_jobs [state|ID|@name]
admin-form-audit = /admin_audit [number|ID|@name]
admin-form-why = /admin_why JOB
admin-form-replay = /admin_replay JOB
admin-form-providers = /admin_providers
admin-form-add = /add ID SUM reason
admin-form-sub = /sub ID SUM reason [--debt]
admin-form-adjust = /admin_adjust ID ±SUM reason [--debt]
admin-form-refund = /admin_refund JOB|PAYMENT [SUM] reason
admin-form-cancel-job = /admin_cancel_job JOB reason
admin-form-caps = /admin_caps ID HOUR DAY reason
admin-form-ban = /ban ID [term] reason
admin-form-unban = /unban ID reason
admin-form-cordon = /admin_cordon PROVIDER [term] reason
admin-form-uncordon = /admin_uncordon PROVIDER reason

admin-help-support = <b>Commands of the support</b>
admin-help-admin = <b>Commands of an admin</b>
admin-help-owner = <b>Commands of an owner</b>
admin-help-command = <code>{ $form }</code> — { $summary }
admin-usage = Type it like this: <code>{ $form }</code>

admin-fault-no-user = ⚠️ No user is named.
admin-fault-not-a-user = ⚠️ A user is a numeric ID or an @name.
admin-fault-no-sum = ⚠️ There is no sum.
admin-fault-not-a-sum = ⚠️ This is no sum. You can type 100, 100.50 or 1 000,50 ₽.
admin-fault-ambiguous-sum = ⚠️ It is not clear where the sum ends. Type it without spaces, or with ₽ at its end.
admin-fault-too-fine = ⚠️ A rouble has a hundred kopecks: two digits after the point at most.
admin-fault-zero = ⚠️ The sum must be above zero.
admin-fault-too-large = ⚠️ The sum is too large for one operation.
admin-fault-no-sign = ⚠️ The sum needs a sign: +100 or -100.
admin-fault-no-provider = ⚠️ No provider is named: their names are in /admin_providers.
admin-fault-no-subject = ⚠️ No job or payment is named.
admin-fault-not-an-id = ⚠️ This does not look like an ID.
admin-fault-not-a-cap = ⚠️ A cap is a sum, 0 (nothing may be spent) or - (as for everyone). First for the hour, then for the day.
admin-fault-term = ⚠️ A term is something like 30m, 12h, 7d or 2w, ten years at most.
admin-fault-no-reason = ⚠️ There is no reason. The user will read it, and it stays in the log.
admin-fault-long-reason = ⚠️ The reason is longer than 300 characters.
admin-fault-filter = ⚠️ There is no such filter.
admin-fault-too-much = ⚠️ There is more than the command takes.

admin-no-user = 🔎 The bot does not know this user.
admin-no-job = 🔎 There is no such job.
admin-no-subject = 🔎 There is no such job and no such credited payment.
admin-job-at-work = 🎨 Job <code>{ $job }</code> is at work ({ $state }) and cannot be stopped. If it fails, the money comes back by itself; if it succeeds, /admin_refund can give it back.
admin-job-ended = 🏁 Job <code>{ $job }</code> has ended ({ $state }): there is nothing to withdraw.
admin-nothing-to-refund = ↩️ Job <code>{ $job }</code> does not have that much to give back: { $left } is left.
admin-payment-too-old = ⛔ This payment is too old to be given back this way.
admin-payment-spent = ↩️ Nothing of this payment is left to give back.
admin-payment-left = ↩️ { $sum } of this payment is left: no more can be given back.
admin-payment-whole = ↩️ This payment can only be given back as a whole, { $sum }; { $spent } of it is spent.
admin-payment-small = ↩️ Less than { $sum } cannot be given back this way.
admin-not-banned = There is no ban to lift.
admin-no-provider = 🔎 There is no such provider. These are set up: { $known }
admin-replayed = 🔁 The request was offered to user { $user } once more: the card is in the chat, and the user decides. Nothing was charged.
admin-not-replayable = Only a job that failed, brought nothing and is still sold can be offered once more. What became of it: /admin_why.
admin-not-cordoned = This provider gets work as it is.
admin-denied = ⛔ You have no right to do this.
admin-denied-owners = ⛔ Only an owner can take a user into debt.
admin-denied-limit = ⛔ Your limit for one act is { $limit }. Ask an owner.
admin-nobody-to-approve = ⛔ Such a sum needs a second admin, and there is none.

admin-act-credit = ➕ Give <b>{ $sum }</b> to user { $user }
admin-act-debit = ➖ Take <b>{ $sum }</b> from user { $user }
admin-act-owe = ➖ Take <b>{ $sum }</b> from user { $user }; what is not there will be owed
admin-act-refund-payment = ↩️ Give <b>{ $sum }</b> of payment <code>{ $payment }</code> of user { $user } back to the payer
admin-act-refund-job = ↩️ Give <b>{ $sum }</b> back to user { $user } for job <code>{ $job }</code>
admin-act-cancel-job = ✖️ Withdraw job <code>{ $job }</code> of user { $user } and return <b>{ $sum }</b>
admin-act-caps = 🧢 Caps of user { $user }: { $caps }
admin-act-ban = 🚷 Forbid orders to user { $user } { $term }
admin-act-unban = ✅ Lift the ban of user { $user }
admin-caps = { $hour } an hour, { $day } a day
admin-cap-default = as for everyone
admin-term = until { $time } (MSK)
admin-term-open = until it is lifted
admin-reason = Reason: { $reason }

admin-card-available = Balance: { $before } → { $after }
admin-card-owed = Debt: { $before } → { $after }
admin-card-short = ⚠️ Only { $available } is there now: it will be refused.
admin-card-ask = Confirm before { $time } (MSK).
admin-card-ask-two = Confirm before { $time } (MSK). Then a second admin has to agree.
admin-card-waiting = ⏳ Waiting for a second admin until { $time } (MSK).
admin-card-approve = 🙋 Admin { $asker } asks for it. Decide before { $time } (MSK).

admin-ended-done = ✅ Done.
admin-ended-refused = ❌ Not done, nothing has changed.
admin-ended-withdrawn = 🗑 Withdrawn, nothing has changed.
admin-ended-expired = ⌛ Too late, nothing has changed.
admin-ended-open = ⏳ Not decided yet.
admin-ended-by-two = Asked by { $asker }, agreed to by { $approver }.
admin-cause-not-enough = Only { $available } is on the balance.
admin-cause-more-than-left = { $left } at most can be given back.
admin-cause-not-returnable = The payment was spent or given back meanwhile.
admin-cause-job-moved = The job was begun or ended meanwhile.
admin-cause-ledger = The ledger refused it; the log has the details.

admin-user-head = 👤 <b>{ $user }</b> { $name } · { $language } · since { $since }
admin-user-balance =
    { $holds ->
        [one] 💳 { $available } · 🔒 { $held } ({ $holds } hold)
       *[other] 💳 { $available } · 🔒 { $held } ({ $holds } holds)
    }
admin-user-owed = 📉 Debt: { $owed }
admin-user-caps = 🧢 Caps: { $admin }; the user's own: { $own }
admin-user-blocked = 🔕 Has blocked the bot
admin-user-banned = 🚷 May not order { $term }: { $reason }
admin-user-jobs = <b>Last jobs</b>
admin-user-payments = <b>Last payments</b>
admin-none = none
admin-jobs-title = <b>Jobs</b>
admin-job-line = <code>{ $id }</code> · { $user } · { $state } · { $sum } · { $time }
admin-payment-line = <code>{ $id }</code> · { $sum }, { $left } not spent · { $time }
admin-audit-title = <b>Audit log</b>
admin-audit-line = <b>{ $seq }</b> { $time } · { $actor } ({ $via }) · { $action } · { $target } · { $outcome } · { $detail }

admin-providers-title = <b>Providers</b>
admin-provider-line = { $mark } <code>{ $name }</code> · { $kind } · { $success } % delivered · 95 of 100 within { $p95 }
admin-provider-tripped = 　left alone after faults ({ $class }) until { $until }
admin-provider-probe = the next attempt
admin-provider-cordoned = 　gets no new work { $term }: { $reason }
admin-seconds = { $secs } s
admin-not-known = —
admin-why-ending = Ended: { $ending }
admin-why-no-attempt = Nobody was asked yet.
admin-why-attempt = <b>{ $number }.</b> { $time } → <b>{ $provider }</b>, { $outcome }
admin-why-again = <b>{ $number }.</b> { $time } → <b>{ $provider }</b>, which had begun it, { $outcome }
admin-why-candidate = { $mark } { $provider }: { $verdict } · { $cost } · { $success } % · { $p95 } · { $free } of { $places } free
admin-verdict-cordoned = taken out
admin-verdict-too-dear = too dear
admin-verdict-full = full
admin-verdict-tripped = left alone

told-credit = 🎁 An admin gave you <b>{ $sum }</b>. See /balance.
told-debit = ➖ An admin took <b>{ $sum }</b>. See /balance.
told-owe = ➖ An admin took <b>{ $sum }</b>. What was missing will be taken from your next top-up.
told-refund-payment = ↩️ An admin sends <b>{ $sum }</b> back the way you paid. It has left your balance already; a bank may take up to three days.
told-refund-job = ↩️ An admin gave you back <b>{ $sum }</b> for a request. It is on your balance already.
told-cancel-job = ✖️ An admin withdrew your request from the queue. <b>{ $sum }</b> is back on your balance.
told-caps = 🧢 An admin changed your spending caps: { $caps }.
told-ban = 🚷 An admin forbade you new orders { $term }. Waiting requests are withdrawn, and what they held is back on your balance.
told-unban = ✅ An admin lifted your ban: you can order again.
banned = 🚷 You may not order { $term }. The money on your balance stays yours.

button-act-confirm = ✅ Confirm
button-act-drop = ✖️ Withdraw
button-act-approve = ✅ Agree
button-act-decline = ✖️ Decline

toast-banned = You may not order now.
toast-another-admin = Another admin has to agree.
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
refund-whole-only = ↩️ This way of paying gives back a whole top-up only, { $whole }, and { $spent } of it is spent.
refund-partly-spent = ⭐ The top-up of { $date }, { $paid } ({ $method }), can go back as a whole only, and { $spent } of it is spent.
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
