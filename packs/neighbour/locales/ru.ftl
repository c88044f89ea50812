pack-neighbour-title = Соседний регион
pack-neighbour-description = Вымышленный второй регион: проверки доказывают им, что регионы не видят друг друга.
type-NeighbourAirStation = Пост наблюдения за воздухом
attr-particles = Взвешенные частицы
layer-neighbour-air = Посты наблюдения за воздухом
persona-neighbour-official = Специалист соседнего региона
space-neighbour = Соседний регион
space-east-town = Восточный городской округ
