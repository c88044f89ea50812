## Pack

pack-kuzbass-title = Kuzbass
pack-kuzbass-description = The air of Novokuznetsk and snow clearing in the towns of Kuzbass: stations, machines, alerts and the tasks they give.

## Types

type-AirQualityStation = Air-quality station
type-WeatherPost = Weather post
type-SnowPlough = Snow plough
type-Settlement = Settlement

## Attributes

attr-nh3 = Ammonia
attr-dust = Suspended matter
attr-no2 = Nitrogen dioxide
attr-so2 = Sulphur dioxide
attr-o3 = Ozone
attr-no = Nitrogen monoxide
attr-co = Carbon monoxide
attr-h2s = Hydrogen sulphide
attr-pm1 = Particles PM1
attr-pm10 = Particles PM10
attr-pm25 = Particles PM2.5
attr-temperature = Air temperature
attr-windSpeed = Wind speed
attr-humidity = Relative humidity
attr-pressure = Air pressure
attr-windDirection = Wind direction
attr-route = Route
attr-position = Current position
attr-speed = Speed
attr-heading = Heading
attr-working = On duty
attr-population = Population

## Alerts

alert-air-pollution = Air pollution
alert-plough-standing = Snow plough standing still
alert-station-silent = Station silent

## Processes

process-alert-response = Response to an alert
step-alert-response-respond = Act on the alert

## Map layers

layer-municipalities = Municipalities
layer-settlements = Settlements
layer-routes = Clearing routes
layer-weather = Weather
layer-air = Air quality
layer-ploughs = Snow ploughs
layer-alerts = Alerts
layer-tasks = Tasks

## Demo personas

persona-citizen = Citizen
persona-official-municipal = Officer of the ecology committee of Novokuznetsk
persona-official-regional = Officer of the ministry of ecology of Kuzbass
persona-governor = Governor
persona-administrator = Platform administrator

## Spaces

space-kuzbass = Kemerovo Oblast – Kuzbass
space-anzhero-sudzhensk = Anzhero-Sudzhensk Urban Okrug
space-belovo = Belovo Urban Okrug
space-berezovsky = Berezovsky Urban Okrug
space-kaltan = Kaltan Urban Okrug
space-kemerovo = Kemerovo Urban Okrug
space-kiselevsk = Kiselevsk Urban Okrug
space-krasnobrodsky = Krasnobrodsky Urban Okrug
space-leninsk-kuznetsky = Leninsk-Kuznetsky Urban Okrug
space-mezhdurechensk = Mezhdurechensk Urban Okrug
space-myski = Myski Urban Okrug
space-novokuznetsk = Novokuznetsk Urban Okrug
space-osinniki = Osinniki Urban Okrug
space-polysaevo = Polysayevo Urban Okrug
space-prokopyevsk = Prokopyevsk Urban Okrug
space-taiga = Taiga Urban Okrug
space-yurga = Yurga Urban Okrug
space-belovsky-district = Belovo District
space-chebulinsky-district = Chebula District
space-guryevsky-district = Guryevsk District
space-izhmorsky-district = Izhmorsky District
space-kemerovsky-district = Kemerovo District
space-krapivinsky-district = Krapivinsky District
space-leninsk-kuznetsky-district = Leninsk-Kuznetsky District
space-mariinsky-district = Mariinsk District
space-novokuznetsky-district = Novokuznetsk District
space-prokopyevsky-district = Prokopyevsk District
space-promyshlennovsky-district = Promyshlennaya District
space-tashtagolsky-district = Tashtagol District
space-tisulsky-district = Tisul District
space-topkinsky-district = Topki District
space-tyazhinsky-district = Tyazhinsky District
space-yashkinsky-district = Yashkino District
space-yaysky-district = Yaya District
space-yurginsky-district = Yurga District

## Rules of decisions and triggers
rule-air-danger = Five times the norm or more: act within four hours
rule-air-warning = The norm is reached: act within a day
rule-air-clear = Well below the norm again: the alert ends
rule-plough-danger = Three quarters of an hour without moving: send another within the hour
rule-plough-warning = Ten minutes without moving: ask what happened within two hours
rule-plough-moves = It moves again: the alert ends
rule-plough-off-duty = It has no work any more: the alert ends
rule-silence-danger = An hour without a reading: restore within eight hours
rule-silence-warning = A quarter of an hour without a reading: look into it within a day
rule-silence-over = It reports again: the alert ends
decision-air-alert = Air alert
decision-plough-standing = Plough standing
decision-station-silent = Station silent
trigger-air-above-norm = Air above the norm
trigger-plough-standing = Plough standing still
trigger-station-silent = Station silent
