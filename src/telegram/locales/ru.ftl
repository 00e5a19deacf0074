# Тексты бота. Сообщения написаны в HTML Телеграма; ключи button-*, toast-*, command-*,
# shape-*, duration-* и language-name — простой текст без разметки.
# Правило текста: что случилось, что это значит для баланса, что делать дальше.

## Приветствие и справка

welcome-title = 👋 Привет! Я рисую картинки по описанию и меняю фото так, как вы попросите.
welcome-bonus = 🎁 Дарим вам <b>{ $bonus }</b>, уже на балансе.
welcome-balance = 💳 На балансе <b>{ $available }</b>. Что нарисуем?

how-words = ✍️ <b>Новая картинка.</b> Напишите, что нарисовать, например: «рыжий кот в скафандре на Луне».
how-photos = 🖼 <b>Правка фото.</b> Пришлите фото или альбом и в подписи скажите, что изменить. Или ответьте словами на любую картинку в чате.
how-money = 🤝 <b>Честная цена.</b> Точную цену покажу заранее. Платите только за готовую картинку: если не получится, вся сумма сразу вернётся.

help-title = <b>Как всё устроено</b>
help-commands = <b>Команды</b>
help-command = /{ $name } — { $summary }

command-start = с чего начать
command-help = как всё устроено
command-balance = сколько денег на балансе
command-cancel = отменить черновики и очередь
command-boost = ускорение: ваши задания идут первыми
command-stop = остановить ускорение
command-lang = сменить язык (language)

unknown-command = 🤔 Команды <code>/{ $name }</code> нет. Все команды — в /help, а чтобы получить картинку, просто опишите её словами.

## Баланс

balance-available = 💳 На балансе <b>{ $available }</b>.
balance-held = 🔒 Ещё { $held } отложено на картинки в работе: спишем только за готовые.
balance-hint = Чтобы начать, напишите, что нарисовать, или пришлите фото с подписью.

## Язык

language-name = Русский
language-choose = На каком языке вам удобнее?
language-changed = 🇷🇺 Готово, теперь говорим по-русски.

## Отмена

cancel-nothing = Отменять нечего: нет ни черновиков, ни картинок в очереди.
cancelled-drafts =
    { $count ->
        [one] 🗑 Убран { $count } черновик.
        [few] 🗑 Убраны { $count } черновика.
       *[many] 🗑 Убрано { $count } черновиков.
    }
cancelled-jobs =
    { $count ->
        [one] ↩️ Снята с очереди { $count } картинка, деньги за неё вернулись.
        [few] ↩️ Сняты с очереди { $count } картинки, деньги за них вернулись.
       *[many] ↩️ Снято с очереди { $count } картинок, деньги за них вернулись.
    }
cancelled-running =
    { $count ->
        [one] 🎨 { $count } картинка уже рисуется, её не остановить. Если она не получится, деньги вернутся.
        [few] 🎨 { $count } картинки уже рисуются, их не остановить. За те, что не получатся, деньги вернутся.
       *[many] 🎨 { $count } картинок уже рисуются, их не остановить. За те, что не получатся, деньги вернутся.
    }

## Вопрос о фото

ask-what-to-do =
    { $count ->
        [1] 🖼 Что сделать с этим фото?
       *[other] 🖼 Что сделать с этими { $count } фото?
    }
ask-example = Напишите одним сообщением, например: «убери фон» или «сделай как акварель».

## Запрос: режим, форма, размер

mode-generate = Новая картинка
mode-edit =
    { $count ->
        [one] Правка { $count } фото
        [few] Правка { $count } фото
       *[many] Правка { $count } фото
    }
title-generate = 🎨 <b>{ $mode }</b>
title-edit = 🖌 <b>{ $mode }</b>
request-look = Форма: { $shape } · размер: { $size }

shape-auto-generate = авто (1:1)
shape-auto-edit = как у фото
shape-square = □ { $ratio }
shape-portrait = ▯ { $ratio }
shape-landscape = ▭ { $ratio }

## Карточка черновика

card-price = 💳 Цена: <b>{ $price }</b>
card-balance = Баланс: { $now } → { $after }
card-valid = Цена действует до { $time } (МСК).
card-missing = ⚠️ Не хватает <b>{ $missing }</b>: на балансе { $now }. Черновик сохранён: когда денег будет достаточно, нажмите «Сделать».
card-renewed = 🔄 Срок прежней цены истёк, ничего не списано. Вот цена на сейчас: проверьте и подтвердите.
card-changed = 🔄 Та кнопка была от прежней карточки, ничего не списано. Вот запрос на сейчас: проверьте и подтвердите.
card-shapes = 📐 Выберите форму картинки:
card-discarded = 🗑 Черновик убран, ничего не списано. Новая идея? Просто напишите её.
card-confirmed = 👌 Этот запрос уже принят в работу.

## Ход работы

progress-queued-next = ⏳ В очереди: скоро начнём.
progress-queued =
    { $ahead ->
        [one] ⏳ В очереди: перед вами { $ahead } картинка.
        [few] ⏳ В очереди: перед вами { $ahead } картинки.
       *[many] ⏳ В очереди: перед вами { $ahead } картинок.
    }
progress-retrying = 🔁 С первого раза не вышло, скоро попробуем снова. Доплачивать не нужно.
progress-starting = 🚀 Начинаем…
progress-drawing = ✨ Рисуем…
progress-storing = 🖼 Картинка готова, сохраняем…
progress-sending = 📨 Картинка готова, отправляем…
progress-unknown = 🔎 Связь прервалась, выясняем судьбу картинки. Второй раз платить не придётся.
progress-delivered = ✅ Готово за { $elapsed }.
progress-elapsed = ⏱ Уже { $elapsed }
progress-held = 🔒 { $price } отложено: спишем только за готовую картинку.

duration-seconds =
    { $seconds ->
        [one] { $seconds } секунду
        [few] { $seconds } секунды
       *[many] { $seconds } секунд
    }
duration-minutes =
    { $minutes ->
        [one] { $minutes } минуту
        [few] { $minutes } минуты
       *[many] { $minutes } минут
    }

## Не получилось

failed-moderation = 🚫 Нейросеть отказалась: такое рисовать ей запрещают правила.
failed-provider = 😔 Нейросеть не справилась с этим запросом.
failed-timeout = ⌛ Нейросеть не ответила вовремя.
failed-input = 🖼 Не удалось открыть исходное фото: оно недоступно или повреждено.
failed-ours = 🛠 У нас случилась неполадка, и картинки не будет.
failed-cancelled = ✖️ Отменено.
failed-returned = ↩️ Вся сумма вернулась: <b>{ $price }</b>. На балансе <b>{ $balance }</b>.
hint-rephrase = Опишите идею другими словами и пришлите снова.
hint-rephrase-edit = Опишите правку другими словами или возьмите другое фото.
hint-again = Попробуйте ещё раз чуть позже.
hint-resend = Пришлите фото ещё раз с подписью, что изменить.

## Готовая картинка

result-paid = 💳 Списано { $price } · на балансе { $balance }

## Что не подходит

unsupported-sticker = 🙈 Из стикера картинку не сделать. Пришлите фото с подписью или опишите идею словами.
unsupported-voice = 🙉 Голосовые и аудио я не понимаю. Напишите то же самое текстом.
unsupported-video = 🎬 С видео я не работаю. Пришлите фото с подписью или опишите картинку словами.
unsupported-file = 📄 Этот файл не подходит: нужна картинка PNG, JPEG или WebP.
unsupported-too-large = 🐘 Картинка слишком большая: можно до { $megabytes } МБ. Пришлите её как фото, а не файлом, — Telegram сам её уменьшит.
unsupported-too-long =
    { $chars ->
        [one] ✂️ Слишком длинное описание: можно до { $chars } символа. Сократите его и пришлите снова.
       *[other] ✂️ Слишком длинное описание: можно до { $chars } символов. Сократите его и пришлите снова.
    }
unsupported-empty = ✍️ Здесь нет слов. Напишите, что нарисовать.
unsupported-too-many = 🖼 Слишком много фото: в одном запросе можно до { $pictures } фото. Пришлите меньше.
unsupported-other = 🤷 С таким я работать не умею. Пришлите текст или фото с подписью.

try-later = 🛠 Сейчас не получилось: неполадка на нашей стороне. Ничего не списано. Попробуйте через минуту.

## Ускорение

boost-what = 🚀 <b>Ускорение</b>: пока оно включено, ваши задания идут первыми.
boost-price =
    Секунда стоит { $second }, минута — { $minute }.
    Деньги откладываем заранее: { $window } на { $length }. Неиспользованное вернётся.
boost-lasts = Этого хватит на { $length }.
boost-running =
    🚀 <b>Ускорение включено</b>: ваши задания идут первыми.
    Идёт { $elapsed }, потрачено { $spent } ({ $second } за секунду).
boost-not-enough = 💸 Не хватает { $missing }, чтобы включить ускорение.
boost-cap = 🛑 Лимит расходов исчерпан. Он освободится в { $time } по Москве.
boost-banned = ⛔ Заказы для вас закрыты. Напишите в поддержку: /paysupport
boost-price-changed = 🔄 Цена изменилась, вот сегодняшняя.
boost-end-stopped = 🏁 Ускорение выключено.
boost-end-balance = 🏁 Ускорение закончилось: на балансе не хватает на продолжение.
boost-end-cap = 🏁 Ускорение закончилось: исчерпан лимит расходов.
boost-end-banned = 🏁 Ускорение закончилось: заказы для вас закрыты.
boost-end-unattended = 🏁 Ускорение прервалось по нашей вине. Дальше отложенного мы ничего не списали.
boost-used = Работало { $length }.
boost-used-nothing = Не проработало и секунды.
boost-sum = 💳 Списано { $charged }, на балансе <b>{ $balance }</b>.
boost-warning-balance = ⏳ Ускорение остановится через { $length }: на продолжение не хватает денег.
boost-warning-cap = ⏳ Ускорение остановится через { $length }: лимит расходов исчерпан.
boost-warning-banned = ⏳ Ускорение остановится через { $length }.
stop-nothing = Сейчас ничего не идёт по секундам. Отменить черновики и очередь: /cancel

## Выписка и квитанции

command-history = все движения денег
command-usage = что и когда продано
command-statement = выписка за месяц файлом
command-receipt = квитанция, которую можно проверить

history-title = 📒 <b>Движения денег</b>
history-held = 🔒 Отложено { $held }.
history-owed = ⚠️ Долг <b>{ $owed }</b>: погасится со следующего поступления.
history-empty = Движений пока нет.
history-line = <code>{ $time }</code> <b>{ $sum }</b> · { $what } → { $balance }
history-note = Время московское. После стрелки — остаток вместе с отложенным.

line-bonus = 🎁 подарок
line-payment = 💳 пополнение
line-admin-credit = 🛠 начислено поддержкой
line-admin-debit = 🛠 списано поддержкой
line-debt = 🛠 записано в долг
line-debt-payment = ⚠️ в счёт долга
line-reversal = ↩️ платёж отозван, записано в долг
line-set-aside = 🔒 отложено
line-set-aside-job = 🔒 отложено на картинку
line-set-aside-usage = 🔒 отложено на ускорение
line-returned = ↩️ откладывали, всё вернулось
line-charged = списано
line-charged-job = 🎨 картинка
line-charged-usage = 🚀 ускорение
line-refund = 💸 возвращено плательщику
line-job-refund = ↩️ возвращено за картинку

usage-title = 🧮 <b>Что продано</b>
usage-today =
    { $sessions ->
        [one] Сегодня: { $sessions } сеанс, { $seconds }, <b>{ $sum }</b>
        [few] Сегодня: { $sessions } сеанса, { $seconds }, <b>{ $sum }</b>
       *[many] Сегодня: { $sessions } сеансов, { $seconds }, <b>{ $sum }</b>
    }
usage-month =
    { $sessions ->
        [one] В этом месяце: { $sessions } сеанс, { $seconds }, <b>{ $sum }</b>
        [few] В этом месяце: { $sessions } сеанса, { $seconds }, <b>{ $sum }</b>
       *[many] В этом месяце: { $sessions } сеансов, { $seconds }, <b>{ $sum }</b>
    }
usage-empty = Сеансов пока нет.
usage-image = <code>{ $time }</code> 🎨 { $rate } за картинку, списано <b>{ $sum }</b> · { $end }
usage-output = <code>{ $time }</code> 🎬 { $seconds } по { $rate } за секунду, списано <b>{ $sum }</b> · { $end }
usage-running = <code>{ $time }</code> 🚀 { $seconds } по { $rate } за секунду, списано <b>{ $sum }</b> · { $end }
usage-end-runs = ещё идёт
usage-end-delivered = готово
usage-end-moderation = нейросеть отказалась
usage-end-cancelled = отменено
usage-end-failed = не получилось
usage-end-stopped = остановлено вами
usage-end-balance = кончились деньги
usage-end-cap = исчерпан лимит
usage-end-banned = заказы закрыты
usage-end-unattended = прервалось по нашей вине

statement-how = 📄 Месяц пишется так: <code>/statement 2026-11</code>. Без месяца пришлю выписку за текущий.
statement-empty = 📄 За { $month } движений нет.
receipt-nothing = Движений пока нет, и квитанцию давать не на что.
receipt-how = 🧾 Квитанция доказывает, что эти движения записаны в нашей книге и с тех пор не менялись. Сохраните файл: его можно проверить когда угодно, даже без нас.
receipt-page = Проверить в браузере: { $page }

table-number = №
table-time = Время (Москва)
table-kind = Вид
table-what = Что произошло
table-amount = Сумма, ₽
table-change = Изменение, ₽
table-balance = Остаток, ₽
table-reference = Основание

button-newer = ‹ Новее
button-older = Старее ›
button-newest = « К началу
button-receipt = 🧾 Квитанция

## Кнопки

button-current = ✓ { $name }
button-shape = 📐 Форма: { $shape }
button-confirm = ✅ Сделать за { $price }
button-discard = ✖️ Отменить
button-back = ‹ Назад
button-cancel-job = ✖️ Отменить бесплатно
button-again = 🔁 Ещё раз
button-edit-result = 🖌 Изменить это
button-as-file = 📎 Файлом

button-start-boost = 🚀 Включить
button-stop-boost = ⏹ Выключить

## Ответы на нажатия

toast-accepted = Принято, приступаем!
toast-already-running = Уже в работе: второй раз не спишем.
toast-already-cancelled = Это уже отменено, ничего не списано.
toast-outdated = Эта кнопка устарела. Ничего не списано.
toast-not-enough = Не хватает денег. Черновик сохранён.
toast-stopping = Останавливаем…
toast-job-cancelled = Отменено, деньги уже на балансе.
toast-too-late = Картинка уже рисуется, отменить нельзя. Если она не получится, деньги вернутся.
toast-already-finished = Здесь уже всё завершено.
toast-sending-file = Отправляем файл без потери качества.
toast-not-found = Не нашли такой запрос. Напишите, что нарисовать, и начнём заново.
toast-try-later = Неполадка на нашей стороне. Попробуйте через минуту.
