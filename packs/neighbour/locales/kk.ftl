pack-neighbour-title = Көрші өңір
pack-neighbour-description = Ойдан шығарылған екінші өңір: тексерулер сол арқылы өңірлердің бірін-бірі көрмейтінін дәлелдейді.
type-NeighbourAirStation = Ауаны бақылау бекеті
attr-particles = Қалқыма бөлшектер
layer-neighbour-air = Ауаны бақылау бекеттері
persona-neighbour-official = Көрші өңірдің маманы
space-neighbour = Көрші өңір
space-east-town = Шығыс қалалық округі
