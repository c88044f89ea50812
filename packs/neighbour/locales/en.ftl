pack-neighbour-title = Neighbouring region
pack-neighbour-description = An invented second region: tests prove with it that regions do not see each other.
type-NeighbourAirStation = Air post
attr-particles = Particles
layer-neighbour-air = Air posts
persona-neighbour-official = Officer of the neighbouring region
space-neighbour = Neighbouring region
space-east-town = East Town Urban Okrug
