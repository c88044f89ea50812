js-loading = Загрузка…
js-load-failed = Не удалось загрузить. Попробуйте ещё раз.
js-open-page = Открыть страницу
js-close = Закрыть
js-simulated = имитация
js-unit-m = м
js-unit-km = км

js-map-title = Карта
js-map-panel = Управление картой
js-map-card = Карточка объекта
js-map-search = Найти объект по названию
js-map-territory = Вся территория
js-map-table = Показать таблицей
js-map-layers = Слои и обозначения
js-map-objects = Объекты
js-map-in-view = Видно на карте: { $n }
js-map-found = Найдено: { $n }
js-map-ratio = { $value } нормы
js-map-warning = предупреждение
js-map-danger = опасность
js-map-group = Несколько отметок: { $n }. Приблизить
js-map-zoom-in = Приблизить
js-map-zoom-out = Отдалить
js-legend-ratio = Худшее отношение к норме, долей
js-legend-from = от { $value }
js-legend-none = нет данных

js-stream-connecting = Подключение…
js-stream-live = Данные идут
js-stream-reconnecting = Связь восстанавливается…
js-stream-age = последнее сообщение { $ago }

js-chart = График
js-chart-range = Период
js-chart-hour = Час
js-chart-day = Сутки
js-chart-week = Неделя
js-chart-all = Всё
js-chart-time = Время
js-chart-average = Среднее
js-chart-min = Наименьшее
js-chart-max = Наибольшее
js-chart-norm = Норма { $value }
js-chart-table = Те же числа таблицей
js-chart-empty = За этот период наблюдений нет.

js-live-changed = Список изменился.
js-live-reload = Показать новый список
js-files = Файлов: { $n }, { $size } КБ

js-api-other = Прочее
js-api-token = Токен
js-api-token-hint = Необязательно: без него запросы идут от имени того, кто вошёл.
js-api-body = Тело запроса
js-api-send = Отправить
js-api-answer = Ответ
js-api-took = за { $n } мс
js-api-stream = Это поток событий; он открыт успешно и закрыт.

js-receipt-good = Ваш браузер проверил квитанцию сам.
js-receipt-bad = Ваш браузер не подтвердил квитанцию: { $why }
js-passkey-there = Ключ этого устройства уже добавлен.
js-passkey-left = Ничего не выбрано. Попробуйте ещё раз.
js-passkey-failed = Не получилось ({ $why }). Попробуйте ещё раз.
