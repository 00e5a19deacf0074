# Тексты бота. Сообщения написаны в HTML Телеграма; ключи button-*, toast-*, command-*,
# shape-*, duration-* и language-name — простой текст без разметки.
# Правило текста: что случилось, что это значит для баланса, что делать дальше.

## Приветствие и справка

welcome-title = 👋 Привет! Я рисую картинки по описанию, меняю фото так, как вы попросите, и снимаю видео.
welcome-bonus = 🎁 Дарим вам <b>{ $bonus }</b>, уже на балансе.
welcome-balance = 💳 На балансе <b>{ $available }</b>. Что нарисуем?

how-words = ✍️ <b>Новая картинка.</b> Напишите, что нарисовать, например: «рыжий кот в скафандре на Луне».
how-photos = 🖼 <b>Правка фото.</b> Пришлите фото или альбом и в подписи скажите, что изменить. Или ответьте словами на любую картинку в чате.
how-video = 🎬 <b>Видео.</b> Нажмите «Сделать видео» под запросом или «Оживить» под картинкой. Можно и сразу: /video и описание. А к своему видео напишите в подписи, что изменить.
how-money = 🤝 <b>Честная цена.</b> Точную цену покажу заранее. Платите только за готовый результат: если не получится, вся сумма сразу вернётся.

help-title = <b>Как всё устроено</b>
help-commands = <b>Команды</b>
help-command = /{ $name } — { $summary }

command-start = с чего начать
command-help = как всё устроено
command-balance = сколько денег на балансе
command-cancel = отменить черновики и очередь
command-limits = лимиты расходов
command-boost = ускорение: ваши задания идут первыми
command-stop = остановить ускорение или серию
command-video = видео по описанию
command-lang = сменить язык (language)

unknown-command = 🤔 Команды <code>/{ $name }</code> нет. Все команды — в /help, а чтобы получить картинку, просто опишите её словами.

## Баланс

balance-available = 💳 На балансе <b>{ $available }</b>.
balance-held = 🔒 Ещё { $held } отложено на заказы в работе: спишем только за готовые.
balance-hint = Чтобы начать, напишите, что нарисовать, или пришлите фото с подписью.

## Язык

language-name = Русский
language-choose = На каком языке вам удобнее?
language-changed = 🇷🇺 Готово, теперь говорим по-русски.

## Отмена

cancel-nothing = Отменять нечего: нет ни черновиков, ни заказов в очереди.
cancelled-drafts =
    { $count ->
        [one] 🗑 Убран { $count } черновик.
        [few] 🗑 Убраны { $count } черновика.
       *[many] 🗑 Убрано { $count } черновиков.
    }
cancelled-jobs =
    { $count ->
        [one] ↩️ Снят с очереди { $count } заказ, деньги за него вернулись.
        [few] ↩️ Сняты с очереди { $count } заказа, деньги за них вернулись.
       *[many] ↩️ Снято с очереди { $count } заказов, деньги за них вернулись.
    }
cancelled-running =
    { $count ->
        [one] 🎨 { $count } заказ уже в работе, его не остановить. Если он не получится, деньги вернутся.
        [few] 🎨 { $count } заказа уже в работе, их не остановить. За те, что не получатся, деньги вернутся.
       *[many] 🎨 { $count } заказов уже в работе, их не остановить. За те, что не получатся, деньги вернутся.
    }

## Вопрос о фото

ask-what-to-do =
    { $count ->
        [1] 🖼 Что сделать с этим фото?
       *[other] 🖼 Что сделать с этими { $count } фото?
    }
ask-clip =
    🎬 Что сделать с этим видео?
    Напишите одним сообщением, например: «сделай как аниме» или «замени машину на карету».
ask-how-to-move =
    🎬 Что должно происходить в видео?
    Напишите одним сообщением, например: «кот медленно поворачивает голову, камера отъезжает».
ask-example = Напишите одним сообщением, например: «убери фон» или «сделай как акварель».

## Запрос: режим, форма, размер

mode-generate = Новая картинка
mode-edit =
    { $count ->
        [one] Правка { $count } фото
        [few] Правка { $count } фото
       *[many] Правка { $count } фото
    }
mode-text-to-video = Видео по описанию
mode-image-to-video =
    { $count ->
        [1] Видео из фото
       *[other] Видео: от первого кадра к последнему
    }
mode-video-to-video = Новое видео из вашего
mode-motion = Движение из видео для вашего фото
title-video = 🎬 <b>{ $mode }</b>
title-generate = 🎨 <b>{ $mode }</b>
title-edit = 🖌 <b>{ $mode }</b>
request-look = { $model } · форма: { $shape } · размер: { $size }

shape-auto-generate = авто (1:1)
shape-auto-edit = как у фото
shape-square = □ { $ratio }
shape-portrait = ▯ { $ratio }
shape-landscape = ▭ { $ratio }

## Видео

video-look = { $model } · { $length } · { $quality } · { $sound }
video-seconds = { $seconds } с
video-sound-on = со звуком
video-sound-off = без звука
video-sound-kept = звук из видео
video-rate = { $rate } за секунду × { $length }
video-without-model = ℹ️ { $model }: { $why }
video-quality-silent = ℹ️ { $quality } — только без звука.
video-quality-with-sound = ℹ️ { $quality } — только со звуком.
video-quality-no-end-frame = ℹ️ { $quality } — только с одним фото, без последнего кадра.
video-sound-elsewhere = ℹ️ Со звуком — не в { $quality }, выберите другое качество.
video-sound-no-end-frame = ℹ️ С последним кадром — только без звука.
video-silence-elsewhere = ℹ️ Без звука — не в { $quality }, выберите другое качество.
video-refused = 🎬 Такое видео сделать нельзя: { $why } Ничего не списано.
video-how =
    🎬 Напишите после команды, что должно быть в видео, например:
    <code>/video рыжий кот бежит по Луне, камера летит рядом</code>
video-why-unknown = такого сейчас нет.
video-why-retired = разработчик отключил эту модель { $day }, вместо неё — { $replacement }.
video-why-no-text = не делает видео только по словам.
video-why-no-picture = не делает видео из фото.
video-why-no-clip = не переделывает готовые видео.
video-why-no-motion = не переносит движение.
video-why-needs-picture = пришлите вместе с видео фото того, кто должен так двигаться.
video-why-too-many-pictures =
    { $max ->
        [0] фото здесь не нужны.
        [one] фото может быть только { $max }.
        [few] фото может быть не больше { $max }.
       *[many] фото может быть не больше { $max }.
    }
video-why-too-many-clips = видео может быть только одно.
video-why-prompt =
    { $chars ->
        [one] описание может быть не длиннее { $chars } знака.
       *[other] описание может быть не длиннее { $chars } знаков.
    }
video-why-clip-length = видео должно длиться от { $min } до { $max } секунд.
video-why-clip-pixels = стороны видео должны быть от { $min } до { $max } пикселей.
video-why-picture-pixels = фото слишком маленькое, каждая сторона должна быть не меньше { $min } пикселей.
video-why-picture-kind = такой файл картинки не подойдёт, нужен JPEG или PNG. Пришлите её как фото, а не файлом.
video-why-narrow = кадр слишком вытянутый, одна сторона может быть длиннее другой не больше чем в { $times } раза.
video-why-combination = такого сочетания нет.

## Вопрос перед оплатой звёздами (простой текст)

checkout-unknown = Этот счёт больше не действует. Откройте новый: /topup
checkout-another-payer = Это счёт другого человека. Чтобы пополнить свой баланс, напишите боту /topup
checkout-paid = Этот счёт уже оплачен, второй раз платить не нужно.
checkout-expired = Счёт устарел, звёзды не списаны. Откройте новый: /topup
checkout-under-way = Этот счёт прямо сейчас оплачивается, звёзды не списаны. Подождите минуту.
checkout-later = Сейчас не получается принять оплату, звёзды не списаны. Попробуйте через минуту.

## Карточка черновика

card-price = 💳 Цена: <b>{ $price }</b>
card-balance = Баланс: { $now } → { $after }
card-valid = Цена действует до { $time } (МСК).
card-missing = ⚠️ Не хватает <b>{ $missing }</b>: на балансе { $now }. Черновик сохранён: пополните баланс, и я предложу его снова.
card-renewed = 🔄 Срок прежней цены истёк, ничего не списано. Вот цена на сейчас: проверьте и подтвердите.
card-offered-again = 🔁 Этот запрос раньше не удался, деньги за него вернулись. Теперь должно получиться: проверьте и подтвердите, если он ещё нужен.
card-changed = 🔄 Та кнопка была от прежней карточки, ничего не списано. Вот запрос на сейчас: проверьте и подтвердите.
card-shapes = 📐 Выберите форму картинки:
card-discarded = 🗑 Черновик убран, ничего не списано. Новая идея? Просто напишите её.
card-confirmed = 👌 Этот запрос уже принят в работу.

## Ход работы

progress-queued-next = ⏳ В очереди: скоро начнём.
progress-queued =
    { $ahead ->
        [one] ⏳ В очереди: перед вами { $ahead } заказ.
        [few] ⏳ В очереди: перед вами { $ahead } заказа.
       *[many] ⏳ В очереди: перед вами { $ahead } заказов.
    }
progress-queued-far = ⏳ В очереди: перед вами больше { $ahead } заказов.
progress-retrying = 🔁 С первого раза не вышло, скоро попробуем снова. Доплачивать не нужно.
progress-starting = 🚀 Начинаем…
progress-drawing =
    { $kind ->
        [video] 🎬 Снимаем: это займёт несколько минут…
       *[other] ✨ Рисуем…
    }
progress-storing =
    { $kind ->
        [video] 🎬 Видео готово, сохраняем…
       *[other] 🖼 Картинка готова, сохраняем…
    }
progress-sending =
    { $kind ->
        [video] 📨 Видео готово, отправляем…
       *[other] 📨 Картинка готова, отправляем…
    }
progress-unknown =
    { $kind ->
        [video] 🔎 Связь прервалась, выясняем судьбу видео. Второй раз платить не придётся.
       *[other] 🔎 Связь прервалась, выясняем судьбу картинки. Второй раз платить не придётся.
    }
progress-delivered = ✅ Готово за { $elapsed }.
progress-elapsed = ⏱ Уже { $elapsed }
progress-eta = ⌛ Обычно на это уходит: { $half } – { $most }
progress-eta-one = ⌛ Обычно на это уходит: { $most }
progress-eta-waiting = ⌛ Скорее всего, готово будет через { $half } – { $most }
progress-eta-waiting-one = ⌛ Скорее всего, готово будет через { $most }
progress-held =
    { $kind ->
        [video] 🔒 { $price } отложено: спишем только за готовое видео.
       *[other] 🔒 { $price } отложено: спишем только за готовую картинку.
    }

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

failed-moderation =
    { $kind ->
        [video] 🚫 Нейросеть отказалась: такое снимать ей запрещают правила.
       *[other] 🚫 Нейросеть отказалась: такое рисовать ей запрещают правила.
    }
failed-provider = 😔 Нейросеть не справилась с этим запросом.
failed-timeout = ⌛ Нейросеть не ответила вовремя.
failed-input = 🖼 Не удалось открыть исходное фото: оно недоступно или повреждено.
failed-inputs-too-large = 🐘 Исходные фото вместе слишком большие для одного запроса.
failed-ours =
    { $kind ->
        [video] 🛠 У нас случилась неполадка, и видео не будет.
       *[other] 🛠 У нас случилась неполадка, и картинки не будет.
    }
failed-cancelled = ✖️ Отменено.
failed-returned = ↩️ Вся сумма вернулась: <b>{ $price }</b>. На балансе <b>{ $balance }</b>.
hint-rephrase = Опишите идею другими словами и пришлите снова.
hint-rephrase-edit = Опишите правку другими словами или возьмите другое фото.
hint-again = Попробуйте ещё раз чуть позже.
hint-resend = Пришлите фото ещё раз с подписью, что изменить.
hint-resend-smaller = Пришлите меньше фото или отправьте их как фото, а не файлами: Telegram сам их уменьшит.

## Готовая картинка

result-paid = 💳 Списано { $price } · на балансе { $balance }
result-late = 🎁 Всё-таки готово, но слишком поздно, чтобы за это платить: { $price } вам вернулись, результат ваш. На балансе { $balance }
result-by-link = 📦 Файл больше, чем пропускает Telegram: скачайте его по кнопке. Ссылка работает неделю, никому её не пересылайте.
result-unreachable = 📦 Файл больше, чем пропускает Telegram, и скачать его пока негде. Он сохранён за вами: /paysupport

## Что не подходит

unsupported-sticker = 🙈 Из стикера картинку не сделать. Пришлите фото с подписью или опишите идею словами.
unsupported-voice = 🙉 Голосовые и аудио я не понимаю. Напишите то же самое текстом.
unsupported-video = 🎬 Кружки и GIF я не беру. Пришлите обычное видео или фото с подписью.
unsupported-file = 📄 Этот файл не подходит: нужна целая картинка PNG, JPEG или WebP либо видео MP4 или MOV.
unsupported-too-many-pixels = 🐘 В этом файле слишком много пикселей. Уменьшите его или пришлите картинку как фото — Telegram сам её уменьшит.
unsupported-gone = 🕳 Telegram больше не отдаёт этот файл. Пришлите его ещё раз.
unsupported-too-large = 🐘 Картинка слишком большая: можно до { $megabytes } МБ. Пришлите её как фото, а не файлом, — Telegram сам её уменьшит.
unsupported-clip-too-large = 🐘 Видео слишком большое: можно до { $megabytes } МБ. Обрежьте его и пришлите снова.
unsupported-too-large-together = 🐘 Эти фото вместе слишком большие: на один запрос можно до { $megabytes } МБ. Пришлите меньше фото или отправьте их как фото, а не файлами, — Telegram сам их уменьшит.
unsupported-too-long =
    { $chars ->
        [one] ✂️ Слишком длинное описание: можно до { $chars } символа. Сократите его и пришлите снова.
       *[other] ✂️ Слишком длинное описание: можно до { $chars } символов. Сократите его и пришлите снова.
    }
unsupported-empty = ✍️ Здесь нет слов. Напишите, что нарисовать.
unsupported-too-many = 🖼 Слишком много фото: в одном запросе можно до { $pictures } фото. Пришлите меньше.
unsupported-other = 🤷 С таким я работать не умею. Пришлите текст или фото с подписью.

try-later = 🛠 Сейчас не получилось: неполадка на нашей стороне. Ничего не списано. Попробуйте через минуту.

## Лимиты

limits-title = 🧮 <b>Ваши лимиты расходов</b>
limits-hour = за час
limits-day = за день
limits-line = { $period }: потрачено <b>{ $spent }</b>, лимит { $limit }. Обновится в { $time } (МСК).
limits-line-free = { $period }: потрачено <b>{ $spent }</b>, лимита нет.
limits-choose = Нажмите сумму, чтобы поставить себе лимит: он действует сразу, и выше, и ниже прежнего.
limits-raised = ✅ Лимит стал выше. Это действует сразу, уже для следующего заказа.
limits-lowered = ✅ Лимит стал ниже. Это действует сразу, уже для следующего заказа.
limits-same = ✅ Сохранено: потратить можно столько же, сколько и раньше.
limits-without-effect = ↳ Ваш лимит выше разрешённого, поэтому действует { $limit }.
limits-set-hour = Час: { $sum }
limits-set-day = День: { $sum }
limits-no-hour = Час: без своего лимита
limits-no-day = День: без своего лимита
limits-how =
    Свои лимиты: <code>/limits 500 2000</code> — 500 ₽ в час и 2000 ₽ в день. Прочерк вместо суммы убирает один из них, <code>/limits off</code> — оба. Поставить больше разрешённого нельзя.
card-capped = 🛑 Лимит { $period } ({ $limit }) исчерпан. Он обновится в { $time } (МСК), черновик сохранён. Лимиты: /limits
card-capped-platform = 🛑 Сейчас слишком много заказов у всех. Попробуйте после { $time } (МСК): черновик сохранён, ничего не списано.
slow-down = 🐢 Слишком часто. Продолжим через { $length }: ничего не списано.

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
card-series =
    🎞 <b>Серия</b>: несколько вариантов одного запроса, один за другим.
    Деньги откладываем только на очередной шаг. Остановить после текущего: /stop
series-stopping =
    { $count ->
        [one] ⏹ Закончим текущую картинку и остановим серию.
       *[other] ⏹ Закончим текущие картинки и остановим серии ({ $count }).
    }
series-last-step = ⏳ Серия: идёт шаг { $step } из { $wanted }, на следующий денег уже не хватит. Пополните баланс, и серия продолжится.
series-end-completed = 🏁 Серия готова.
series-end-stopped = 🏁 Серия остановлена.
series-end-balance = 🏁 Серия остановилась: на балансе не хватает на следующий шаг.
series-end-cap = 🏁 Серия остановилась: исчерпан лимит расходов.
series-end-banned = 🏁 Серия остановилась: заказы для вас закрыты.
series-end-refused = 🏁 Серия остановилась: нейросеть отказалась от этого запроса.
series-end-failed = 🏁 Серия остановилась: шаг не удался, деньги за него вернулись.
series-counts =
    { $delivered ->
        [0] Ни одной картинки из { $wanted }.
        [one] Готова { $delivered } картинка из { $wanted } за { $took }.
        [few] Готовы { $delivered } картинки из { $wanted } за { $took }.
       *[other] Готово { $delivered } картинок из { $wanted } за { $took }.
    }
stop-nothing = Сейчас не идёт ни ускорение, ни серия. Отменить черновики и очередь: /cancel

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
line-set-aside-job =
    { $kind ->
        [video] 🔒 отложено на видео
       *[other] 🔒 отложено на картинку
    }
line-set-aside-usage = 🔒 отложено на ускорение
line-returned = ↩️ откладывали, всё вернулось
line-charged = списано
line-charged-job =
    { $kind ->
        [video] 🎬 видео
       *[other] 🎨 картинка
    }
line-charged-usage = 🚀 ускорение
line-refund = 💸 возвращено плательщику
line-job-refund = ↩️ возвращено за заказ

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

button-close = ✖️ Закрыть
button-current = ✓ { $name }
button-shape = 📐 Форма: { $shape }
button-confirm = ✅ Сделать за { $price }
button-discard = ✖️ Отменить
button-back = ‹ Назад
button-cancel-job = ✖️ Отменить бесплатно
button-again = 🔁 Ещё раз
button-edit-result = 🖌 Изменить это
button-edit-clip = 🖌 Переделать это видео
button-animate = 🎬 Оживить
button-model-at = 🍌 { $model } · { $price }
button-as-video = 🎬 Сделать видео
button-as-picture = 🖼 Лучше картинку
button-sound-on = 🔊 Звук
button-sound-off = 🔇 Без звука
button-clip-edit = 🖌 Переделать
button-clip-motion = 🕺 Повторить движение
button-as-file = 📎 Файлом
button-favour = ⭐ Хранить
button-download = ⬇️ Скачать

button-series = 🎞 Серия
button-series-count = 🎞 { $count } шт. за { $price }
button-start-boost = 🚀 Включить
button-stop-boost = ⏹ Выключить

## Ответы на нажатия

toast-accepted = Принято, приступаем!
toast-already-running = Уже в работе: второй раз не спишем.
toast-already-cancelled = Это уже отменено, ничего не списано.
toast-outdated = Эта кнопка устарела. Ничего не списано.
toast-not-enough = Не хватает денег. Черновик сохранён.
toast-limited = Пока нельзя: подробности в карточке.
toast-stopping = Останавливаем…
toast-job-cancelled = Отменено, деньги уже на балансе.
toast-too-late = Заказ уже в работе, отменить нельзя. Если он не получится, деньги вернутся.
toast-already-finished = Здесь уже всё завершено.
toast-sending-file = Отправляем файл без потери качества.
toast-not-found = Не нашли такой запрос. Напишите, что нарисовать, и начнём заново.
toast-kept-no-longer = Файл хранился какое-то время, и его уже нет. То, что есть в чате, остаётся: пришлите его мне и напишите, что сделать.
toast-favoured = ⭐ Храним этот файл бессрочно. Нажмите ⭐ ещё раз — и он хранится обычный срок.
toast-favoured-no-longer = ☆ Больше не избранное: файл хранится обычный срок.
toast-favourites-full = В избранном больше нет места. Нажмите ⭐ под тем, что уже не нужно.
toast-try-later = Неполадка на нашей стороне. Попробуйте через минуту.

## Администраторам

command-admin-help = команды администратора
command-admin-user = всё о пользователе
command-admin-jobs = список задач
command-admin-audit = журнал действий
command-admin-why = почему задача ушла туда, куда ушла
command-admin-replay = предложить неудавшуюся задачу снова
command-admin-providers = как дела у провайдеров
command-admin-add = начислить деньги
command-admin-sub = списать деньги
command-admin-adjust = поправить баланс
command-admin-refund = вернуть деньги за задачу или платёж
command-admin-cancel-job = снять задачу с очереди
command-admin-caps = задать лимиты трат
command-admin-ban = запретить заказы
command-admin-unban = снять запрет
command-admin-cordon = не давать провайдеру новых задач
command-admin-uncordon = снова давать ему задачи

admin-form-help = /admin
admin-form-user = /admin_user ID|@имя
admin-form-jobs = /admin_jobs [состояние|ID|@имя]
admin-form-audit = /admin_audit [число|ID|@имя]
admin-form-why = /admin_why ЗАДАЧА
admin-form-replay = /admin_replay ЗАДАЧА
admin-form-providers = /admin_providers
admin-form-add = /add ID СУММА причина
admin-form-sub = /sub ID СУММА причина [--debt]
admin-form-adjust = /admin_adjust ID ±СУММА причина [--debt]
admin-form-refund = /admin_refund ЗАДАЧА|ПЛАТЁЖ [СУММА] причина
admin-form-cancel-job = /admin_cancel_job ЗАДАЧА причина
admin-form-caps = /admin_caps ID ЧАС ДЕНЬ причина
admin-form-ban = /ban ID [срок] причина
admin-form-unban = /unban ID причина
admin-form-cordon = /admin_cordon ПРОВАЙДЕР [срок] причина
admin-form-uncordon = /admin_uncordon ПРОВАЙДЕР причина

admin-help-support = <b>Команды поддержки</b>
admin-help-admin = <b>Команды администратора</b>
admin-help-owner = <b>Команды владельца</b>
admin-help-command = <code>{ $form }</code> — { $summary }
admin-usage = Пишите так: <code>{ $form }</code>

admin-fault-no-user = ⚠️ Не указан пользователь.
admin-fault-not-a-user = ⚠️ Пользователь — это числовой ID или @имя.
admin-fault-no-sum = ⚠️ Не указана сумма.
admin-fault-not-a-sum = ⚠️ Это не сумма. Можно так: 100, 100.50, 1 000,50 ₽.
admin-fault-ambiguous-sum = ⚠️ Непонятно, где кончается сумма. Напишите её без пробелов или с ₽ в конце.
admin-fault-too-fine = ⚠️ В рубле сто копеек: после запятой — не больше двух цифр.
admin-fault-zero = ⚠️ Сумма должна быть больше нуля.
admin-fault-too-large = ⚠️ Сумма слишком велика для одной операции.
admin-fault-no-sign = ⚠️ У суммы нужен знак: +100 или -100.
admin-fault-no-provider = ⚠️ Не указан провайдер: их названия есть в /admin_providers.
admin-fault-no-subject = ⚠️ Не указана задача или платёж.
admin-fault-not-an-id = ⚠️ Это не похоже на ID.
admin-fault-not-a-cap = ⚠️ Лимит — это сумма, 0 (нельзя тратить) или - (как у всех). Сначала на час, потом на день.
admin-fault-term = ⚠️ Срок — например, 30м, 12ч, 7д или 2н, не больше десяти лет.
admin-fault-no-reason = ⚠️ Не указана причина. Её увидит пользователь, и она останется в журнале.
admin-fault-long-reason = ⚠️ Причина длиннее 300 символов.
admin-fault-filter = ⚠️ Такого отбора нет.
admin-fault-too-much = ⚠️ В команде есть лишнее.

admin-no-user = 🔎 Такого пользователя бот не знает.
admin-no-job = 🔎 Такой задачи нет.
admin-no-subject = 🔎 Нет ни задачи, ни зачисленного платежа с таким ID.
admin-job-at-work = 🎨 Задача <code>{ $job }</code> уже в работе ({ $state }), её не остановить. Если она не получится, деньги вернутся сами; если получится, их можно вернуть через /admin_refund.
admin-job-ended = 🏁 Задача <code>{ $job }</code> уже закончена ({ $state }): снимать нечего.
admin-nothing-to-refund = ↩️ За задачу <code>{ $job }</code> столько не вернуть: осталось { $left }.
admin-payment-too-old = ⛔ Этот платёж слишком давний: вернуть его этим способом уже нельзя.
admin-payment-spent = ↩️ От этого платежа ничего не осталось: возвращать нечего.
admin-payment-left = ↩️ От этого платежа осталось { $sum }: больше не вернуть.
admin-payment-whole = ↩️ Этот платёж возвращается только целиком, { $sum }; истрачено из него { $spent }.
admin-payment-small = ↩️ Меньше { $sum } этим способом не вернуть.
admin-not-banned = Запрета нет, снимать нечего.
admin-denied = ⛔ На это у вас нет прав.
admin-no-provider = 🔎 Такого провайдера нет. Настроены: { $known }
admin-replayed = 🔁 Запрос снова предложен пользователю { $user }: он увидел карточку и решит сам. Ничего не списано.
admin-not-replayable = Предложить снова можно только задачу, которая не удалась, ничего не принесла и ещё продаётся. Что с ней было: /admin_why.
admin-not-cordoned = Этот провайдер и так получает задачи.
admin-denied-owners = ⛔ Увести пользователя в долг может только владелец.
admin-denied-limit = ⛔ Ваш предел на одно действие — { $limit }. Попросите владельца.
admin-nobody-to-approve = ⛔ Для такой суммы нужен второй администратор, а его нет.

admin-act-credit = ➕ Начислить <b>{ $sum }</b> пользователю { $user }
admin-act-debit = ➖ Списать <b>{ $sum }</b> у пользователя { $user }
admin-act-owe = ➖ Списать <b>{ $sum }</b> у пользователя { $user }; чего не хватит, он останется должен
admin-act-refund-payment = ↩️ Вернуть плательщику <b>{ $sum }</b> платежа <code>{ $payment }</code> пользователя { $user }
admin-act-refund-job = ↩️ Вернуть <b>{ $sum }</b> пользователю { $user } за задачу <code>{ $job }</code>
admin-act-cancel-job = ✖️ Снять с очереди задачу <code>{ $job }</code> пользователя { $user } и вернуть <b>{ $sum }</b>
admin-act-caps = 🧢 Лимиты пользователя { $user }: { $caps }
admin-act-ban = 🚷 Запретить заказы пользователю { $user } { $term }
admin-act-unban = ✅ Снять запрет с пользователя { $user }
admin-caps = в час { $hour }, в день { $day }
admin-cap-default = как у всех
admin-term = до { $time } (МСК)
admin-term-open = бессрочно
admin-reason = Причина: { $reason }

admin-card-available = Баланс: { $before } → { $after }
admin-card-owed = Долг: { $before } → { $after }
admin-card-short = ⚠️ На балансе только { $available }: списание не пройдёт.
admin-card-ask = Подтвердите до { $time } (МСК).
admin-card-ask-two = Подтвердите до { $time } (МСК). Потом нужно согласие второго администратора.
admin-card-waiting = ⏳ Ждём согласия второго администратора до { $time } (МСК).
admin-card-approve = 🙋 Просит администратор { $asker }. Решите до { $time } (МСК).

admin-ended-done = ✅ Сделано.
admin-ended-refused = ❌ Не сделано, ничего не изменилось.
admin-ended-withdrawn = 🗑 Отозвано, ничего не изменилось.
admin-ended-expired = ⌛ Срок вышел, ничего не изменилось.
admin-ended-open = ⏳ Ещё не решено.
admin-ended-by-two = Просил { $asker }, согласился { $approver }.
admin-cause-not-enough = На балансе только { $available }.
admin-cause-more-than-left = Вернуть можно не больше { $left }.
admin-cause-not-returnable = Платёж за это время потрачен или возвращён.
admin-cause-job-moved = Задача за это время начата или закончена.
admin-cause-ledger = Книга учёта отказала; подробности — в логе.

admin-user-head = 👤 <b>{ $user }</b> { $name } · { $language } · с { $since }
admin-user-balance =
    { $holds ->
        [one] 💳 { $available } · 🔒 { $held } ({ $holds } холд)
        [few] 💳 { $available } · 🔒 { $held } ({ $holds } холда)
       *[many] 💳 { $available } · 🔒 { $held } ({ $holds } холдов)
    }
admin-user-owed = 📉 Долг: { $owed }
admin-user-caps = 🧢 Лимиты: { $admin }; свои: { $own }
admin-user-blocked = 🔕 Заблокировал бота
admin-user-banned = 🚷 Заказы запрещены { $term }: { $reason }
admin-user-jobs = <b>Последние задачи</b>
admin-user-payments = <b>Последние платежи</b>
admin-none = пусто
admin-jobs-title = <b>Задачи</b>
admin-job-line = <code>{ $id }</code> · { $user } · { $state } · { $sum } · { $time }
admin-payment-line = <code>{ $id }</code> · { $sum }, не потрачено { $left } · { $time }
admin-audit-title = <b>Журнал</b>
admin-audit-line = <b>{ $seq }</b> { $time } · { $actor } ({ $via }) · { $action } · { $target } · { $outcome } · { $detail }

admin-providers-title = <b>Провайдеры</b>
admin-provider-line = { $mark } <code>{ $name }</code> · { $kind } · доставлено { $success } % · 95 из 100 за { $p95 }
admin-provider-tripped = 　после сбоев ({ $class }) не трогаем до { $until }
admin-provider-probe = следующей попытки
admin-provider-cordoned = 　не получает новых задач { $term }: { $reason }
admin-seconds = { $secs } с
admin-not-known = —
admin-why-ending = Итог: { $ending }
admin-why-no-attempt = Пока никого не просили.
admin-why-attempt = <b>{ $number }.</b> { $time } → <b>{ $provider }</b>, { $outcome }
admin-why-again = <b>{ $number }.</b> { $time } → <b>{ $provider }</b>, который уже начал, { $outcome }
admin-why-candidate = { $mark } { $provider }: { $verdict } · { $cost } · { $success } % · { $p95 } · свободно { $free } из { $places }
admin-verdict-cordoned = выведен
admin-verdict-too-dear = слишком дорого
admin-verdict-full = занят
admin-verdict-tripped = не трогаем

told-credit = 🎁 Администратор начислил вам <b>{ $sum }</b>. Баланс — в /balance.
told-debit = ➖ Администратор списал <b>{ $sum }</b>. Баланс — в /balance.
told-owe = ➖ Администратор списал <b>{ $sum }</b>. Чего не хватило на балансе, спишется со следующего пополнения.
told-refund-payment = ↩️ Администратор возвращает вам <b>{ $sum }</b> тем способом, которым вы платили. Деньги уже списаны с баланса; банк может держать их до трёх дней.
told-refund-job = ↩️ Администратор вернул вам <b>{ $sum }</b> за заказ. Деньги уже на балансе.
told-cancel-job = ✖️ Администратор снял ваш заказ с очереди. <b>{ $sum }</b> уже снова на балансе.
told-caps = 🧢 Администратор изменил ваши лимиты трат: { $caps }.
told-ban = 🚷 Администратор запретил вам новые заказы { $term }. Заказы из очереди сняты, деньги за них вернулись на баланс.
told-unban = ✅ Администратор снял запрет: снова можно заказывать.
banned = 🚷 Новые заказы вам запрещены { $term }. Деньги на балансе остаются вашими.

button-act-confirm = ✅ Подтвердить
button-act-drop = ✖️ Отозвать
button-act-approve = ✅ Согласен
button-act-decline = ✖️ Отклонить

toast-banned = Новые заказы вам запрещены.
toast-another-admin = Нужно согласие другого администратора.
## Пополнение

command-topup = пополнить баланс
topup-amount = 💰 На сколько пополнить?
topup-method = 💰 Пополнение на <b>{ $amount }</b>. Как удобнее заплатить?
topup-ask-amount = ✍️ Напишите сумму в рублях: от { $min } до { $max }.
topup-too-small = 🤏 Слишком мало: пополнить можно от { $min }. Напишите другую сумму или выберите её в /topup.
topup-too-large = 🐘 Слишком много: за один раз можно до { $max }. Напишите другую сумму или выберите её в /topup.
topup-ask-email = 🧾 По закону мы отправляем чек. На какую почту его прислать? Она нужна только для чеков.
topup-email-refused = 🤔 Это не похоже на адрес почты. Напишите его целиком, например: name@mail.ru
topup-unavailable = 🛠 Пополнить баланс сейчас нельзя: оплата временно не работает. Загляните позже.
topup-preparing = ⏳ Готовим оплату на <b>{ $amount }</b>, секунду…
topup-pending = 💰 Пополнение на <b>{ $amount }</b>, к оплате { $due }. Деньги придут на баланс сразу после оплаты, я напишу.
topup-receipt = 🧾 Чек придёт на { $email }.
topup-paid = ✅ Оплачено: <b>{ $amount }</b> на балансе.
topup-parked = 🔎 Ваш платёж на <b>{ $amount }</b> пришёл, но в нём что-то не сошлось. Деньги не пропали: мы проверим его вручную и зачислим или вернём. Помощь: /paysupport
topup-canceled = ✖️ Пополнение на <b>{ $amount }</b> не состоялось.
topup-credited = ✅ Зачислено <b>{ $amount }</b>. На балансе <b>{ $balance }</b>.
topup-draft = Ваш запрос вас ждал, осталось нажать кнопку:
payment-description = Пополнение баланса на { $amount }

canceled-expired = Время на оплату вышло, ничего не списано. Если ещё хотите пополнить, начните заново.
canceled-funds = Банк ответил, что на счёте не хватает денег. Ничего не списано. Можно взять другую карту или сумму поменьше.
canceled-card = Банк не принял данные карты. Ничего не списано. Проверьте номер, срок и код и попробуйте ещё раз.
canceled-bank = Банк отклонил платёж. Ничего не списано. Помогает звонок в банк или другая карта.
canceled-refunded = Деньги вернулись туда, откуда пришли.
canceled-ours = Неполадка на нашей стороне: оплата не началась или не завершилась, ничего не списано. Попробуйте ещё раз.
canceled-other = Платёж не прошёл, ничего не списано. Попробуйте ещё раз или заплатите другим способом.

method-yookassa = Картой или через СБП
method-stars = Звёздами Telegram

## Возврат

command-refund = вернуть неистраченное
command-paysupport = помощь с оплатой
refund-none =
    { $days ->
        [one] ↩️ Возвращать нечего: вернуть можно неистраченные деньги с пополнений за последний { $days } день. Бонусы не возвращаются.
       *[other] ↩️ Возвращать нечего: вернуть можно неистраченные деньги с пополнений за последние { $days } дн. Бонусы не возвращаются.
    }
refund-choose =
    { $days ->
        [one] ↩️ Вернуть можно то, что не истрачено с пополнений за последний { $days } день. Какое пополнение вернуть?
       *[other] ↩️ Вернуть можно то, что не истрачено с пополнений за последние { $days } дн. Какое пополнение вернуть?
    }
refund-confirm = ↩️ Пополнение от { $date } на { $paid } ({ $method }). Не истрачено и вернётся: <b>{ $left }</b>. Деньги уйдут туда, откуда вы платили; банк показывает их в срок до 3 дней.
refund-accepted = ⏳ Возвращаем <b>{ $amount }</b>: сумма снята с баланса и отправлена. Я напишу, когда возврат пройдёт. Если он не получится, деньги вернутся на баланс.
refund-too-old = ⌛ Срок возврата этого пополнения вышел. Если деньги списаны по ошибке, напишите нам: /paysupport
refund-nothing-left = ↩️ С этого пополнения всё уже истрачено или возвращается.
refund-more = ↩️ С этого пополнения осталось только { $left }.
refund-whole-only = ↩️ Этот способ оплаты возвращает только всё пополнение целиком, { $whole }, а { $spent } из него уже истрачено.
refund-partly-spent = ⭐ Пополнение от { $date } на { $paid } ({ $method }) возвращается только целиком, а { $spent } из него уже истрачено.
refund-too-small = ↩️ Осталось меньше { $min }: такую мелочь платёжная система не возвращает. Её можно истратить.
refund-done = ✅ Возврат прошёл: <b>{ $amount }</b> отправлено туда, откуда вы платили. На балансе <b>{ $balance }</b>.
refund-failed = 😔 Возврат на <b>{ $amount }</b> не прошёл: платёжная система отказала. Деньги снова ваши, на балансе <b>{ $balance }</b>. Помощь: /paysupport
refund-by-method = ↩️ Платёжная система вернула вам <b>{ $amount }</b>, поэтому эта сумма снята с баланса. На балансе <b>{ $balance }</b>.
refund-under-way = ⏳ Возврат на <b>{ $amount }</b> ещё идёт. На балансе <b>{ $balance }</b>.
pay-support =
    { $days ->
        [one] 🤝 <b>Помощь с оплатой</b>

            Деньги приходят на баланс сразу после оплаты. Если прошло больше десяти минут, напишите нам время и сумму платежа — найдём.

            Неистраченное с пополнений за последний { $days } день можно вернуть самому: /refund.
       *[other] 🤝 <b>Помощь с оплатой</b>

            Деньги приходят на баланс сразу после оплаты. Если прошло больше десяти минут, напишите нам время и сумму платежа — найдём.

            Неистраченное с пополнений за последние { $days } дн. можно вернуть самому: /refund.
    }

button-topup = 💰 Пополнить
button-topup-again = 🔁 Попробовать ещё раз
button-other-amount = ✍️ Другая сумма
button-method = { $method } · { $due }
button-pay = Оплатить { $due }
button-change-email = 🧾 Другая почта для чека
button-refunds = ↩️ Вернуть неистраченное
button-refund-payment = { $date }: вернуть { $left } из { $paid }
button-refund = ↩️ Вернуть { $left }
