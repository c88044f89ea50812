js-loading = Loading…
js-load-failed = Could not be loaded. Try again.
js-open-page = Open the page
js-close = Close
js-simulated = simulated
js-unit-m = m
js-unit-km = km

js-map-title = Map
js-map-panel = Map controls
js-map-card = Object card
js-map-search = Find an object by name
js-map-territory = Whole territory
js-map-table = Show as a table
js-map-layers = Layers and legend
js-map-objects = Objects
js-map-in-view = In view: { $n }
js-map-found = Found: { $n }
js-map-ratio = { $value } of the norm
js-map-warning = warning
js-map-danger = danger
js-map-group = Several pins: { $n }. Zoom in
js-map-zoom-in = Zoom in
js-map-zoom-out = Zoom out
js-legend-ratio = Worst ratio to the norm
js-legend-from = { $value } and more
js-legend-none = no data

js-stream-connecting = Connecting…
js-stream-live = Live
js-stream-reconnecting = Reconnecting…
js-stream-age = last message { $ago }

js-chart = Chart
js-chart-range = Period
js-chart-hour = Hour
js-chart-day = Day
js-chart-week = Week
js-chart-all = All
js-chart-time = Time
js-chart-average = Average
js-chart-min = Smallest
js-chart-max = Largest
js-chart-norm = Norm { $value }
js-chart-table = The same numbers as a table
js-chart-empty = No observations in this period.

js-live-changed = The list has changed.
js-live-reload = Show the new list
js-files = Files: { $n }, { $size } KB

js-api-other = Other
js-api-token = Token
js-api-token-hint = Optional: without it requests are sent as the person who is signed in.
js-api-body = Request body
js-api-send = Send
js-api-answer = Answer
js-api-took = in { $n } ms
js-api-stream = This is a stream of events; it opened well and was closed again.

js-receipt-good = Your browser has verified the receipt by itself.
js-receipt-bad = Your browser could not confirm the receipt: { $why }
js-passkey-there = The passkey of this device is there already.
js-passkey-left = Nothing was chosen. Try again.
js-passkey-failed = It did not succeed ({ $why }). Try again.
