js-loading = Жүктелуде…
js-load-failed = Жүктеу мүмкін болмады. Қайталап көріңіз.
js-open-page = Бетті ашу
js-close = Жабу
js-simulated = имитация
js-unit-m = м
js-unit-km = км

js-map-title = Карта
js-map-panel = Картаны басқару
js-map-card = Нысан карточкасы
js-map-search = Нысанды атауы бойынша табу
js-map-territory = Бүкіл аумақ
js-map-table = Кесте түрінде көрсету
js-map-layers = Қабаттар мен белгілер
js-map-objects = Нысандар
js-map-in-view = Картада көрінетіні: { $n }
js-map-found = Табылғаны: { $n }
js-map-ratio = норманың { $value } үлесі
js-map-warning = ескерту
js-map-danger = қауіп
js-map-group = Бірнеше белгі: { $n }. Жақындату
js-map-zoom-in = Жақындату
js-map-zoom-out = Алыстату
js-legend-ratio = Нормаға ең нашар қатынасы, үлес
js-legend-from = { $value } және одан жоғары
js-legend-none = дерек жоқ

js-stream-connecting = Қосылуда…
js-stream-live = Деректер келіп жатыр
js-stream-reconnecting = Байланыс қалпына келуде…
js-stream-age = соңғы хабар { $ago }

js-chart = График
js-chart-range = Кезең
js-chart-hour = Сағат
js-chart-day = Тәулік
js-chart-week = Апта
js-chart-all = Барлығы
js-chart-time = Уақыты
js-chart-average = Орташа
js-chart-min = Ең азы
js-chart-max = Ең көбі
js-chart-norm = Норма { $value }
js-chart-table = Сол сандар кесте түрінде
js-chart-empty = Бұл кезеңде бақылау жоқ.

js-live-changed = Тізім өзгерді.
js-live-reload = Жаңа тізімді көрсету
js-files = Файлдар: { $n }, { $size } КБ

js-api-other = Басқалары
js-api-token = Токен
js-api-token-hint = Міндетті емес: онсыз сұраулар жүйеге кірген адамның атынан жіберіледі.
js-api-body = Сұрау денесі
js-api-send = Жіберу
js-api-answer = Жауап
js-api-took = { $n } мс ішінде
js-api-stream = Бұл — оқиғалар ағыны; ол сәтті ашылып, жабылды.

js-receipt-good = Браузеріңіз түбіртекті өзі тексерді.
js-receipt-bad = Браузеріңіз түбіртекті растай алмады: { $why }
js-passkey-there = Бұл құрылғының кілті қосылып қойған.
js-passkey-left = Ештеңе таңдалмады. Қайталап көріңіз.
js-passkey-failed = Болмады ({ $why }). Қайталап көріңіз.
