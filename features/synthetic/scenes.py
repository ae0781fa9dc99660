"""The scenes of the synthetic community: real words for genres, a period and a way of naming acts. Data only.

Scenes share genres on purpose: that two people both like "indie rock" says little about which artists they share.
"""

from __future__ import annotations

from dataclasses import dataclass

BAND, SINGER, DARK, MACHINE, RAP, GROUP = "band", "singer", "dark", "machine", "rap", "group"


@dataclass(frozen=True, slots=True)
class Scene:
    """Artists who are heard together: their genres (the defining one first), period and style of names."""

    genres: tuple[str, ...]
    first_year: int
    last_year: int
    style: str

    @property
    def name(self) -> str:
        """What people call it."""
        return self.genres[0]


def _scene(genres: str, first_year: int, last_year: int, style: str) -> Scene:
    return Scene(tuple(genres.split(", ")), first_year, last_year, style)


# The order is the popularity: the first scenes have the most listeners.
SCENES: tuple[Scene, ...] = (
    _scene("indie rock, alternative rock, indie, 2000s", 1998, 2012, BAND),
    _scene("dance pop, pop, electropop, 2010s", 2006, 2022, SINGER),
    _scene("hip hop, rap, trap, southern rap", 2010, 2024, RAP),
    _scene("classic rock, rock, hard rock, 70s", 1967, 1982, BAND),
    _scene("indie pop, indie, twee pop, jangle pop", 2003, 2021, BAND),
    _scene("electronic, house, deep house, dance", 2005, 2023, MACHINE),
    _scene("singer-songwriter, indie folk, folk, acoustic", 2005, 2022, SINGER),
    _scene("metal, heavy metal, nwobhm, 80s", 1978, 1992, DARK),
    _scene("r&b, soul, neo soul, alternative r&b", 2010, 2023, SINGER),
    _scene("synthpop, new wave, 80s, electronic", 1979, 1989, BAND),
    _scene("pop punk, punk rock, emo, 2000s", 1996, 2010, BAND),
    _scene("boom bap, hip hop, east coast rap, 90s", 1988, 2000, RAP),
    _scene("techno, minimal techno, electronic, detroit techno", 1992, 2020, MACHINE),
    _scene("britpop, alternative rock, 90s, indie rock", 1992, 2000, BAND),
    _scene("shoegaze, dream pop, noise pop, alternative rock", 1988, 2018, BAND),
    _scene("grunge, alternative rock, 90s, rock", 1988, 1998, BAND),
    _scene("soul, motown, funk, 60s", 1960, 1976, GROUP),
    _scene("ambient, drone, electronic, modern classical", 1994, 2023, MACHINE),
    _scene("metalcore, post-hardcore, screamo, hardcore", 2002, 2018, DARK),
    _scene("latin pop, reggaeton, urbano latino, pop", 2012, 2024, SINGER),
    _scene("post-punk, new wave, gothic rock, 80s", 1978, 1988, BAND),
    _scene("k-pop, pop, dance pop, electropop", 2010, 2024, GROUP),
    _scene("jazz, hard bop, modal jazz, cool jazz", 1954, 1970, GROUP),
    _scene("trip hop, downtempo, electronic, chillout", 1993, 2008, MACHINE),
    _scene("punk rock, punk, hardcore punk, 70s", 1976, 1988, BAND),
    _scene("country, americana, alt-country, outlaw country", 1972, 2020, SINGER),
    _scene("death metal, technical death metal, metal, grindcore", 1988, 2018, DARK),
    _scene("post-rock, instrumental, math rock, ambient", 1997, 2019, BAND),
    _scene("drum and bass, jungle, electronic, breakbeat", 1993, 2016, MACHINE),
    _scene("reggae, roots reggae, dub, ska", 1968, 1986, GROUP),
    _scene("disco, funk, dance, 70s", 1973, 1984, GROUP),
    _scene("black metal, atmospheric black metal, metal, folk metal", 1991, 2020, DARK),
    _scene("folk rock, singer-songwriter, folk, 60s", 1963, 1976, SINGER),
    _scene("progressive rock, psychedelic rock, art rock, 70s", 1968, 1980, BAND),
    _scene("lo-fi hip hop, chillhop, instrumental hip hop, chillout", 2014, 2024, MACHINE),
    _scene("blues, blues rock, delta blues, electric blues", 1950, 1978, SINGER),
    _scene("afrobeats, afropop, afrobeat, dancehall", 2012, 2024, SINGER),
    _scene("trance, progressive trance, electronic, dance", 1996, 2012, MACHINE),
    _scene("chanson, french pop, pop, yé-yé", 1958, 1985, SINGER),
    _scene("bossa nova, mpb, samba, jazz", 1959, 1985, SINGER),
    _scene("doom metal, stoner rock, sludge metal, metal", 1990, 2020, DARK),
    _scene("modern classical, minimalism, piano, instrumental", 1985, 2023, SINGER),
    _scene("industrial, ebm, industrial rock, electronic", 1984, 2006, DARK),
    _scene("baroque, classical, early music, instrumental", 1962, 2016, GROUP),
    _scene("spiritual jazz, jazz, jazz fusion, nu jazz", 1968, 2022, GROUP),
    _scene("hyperpop, electropop, glitch, pop", 2016, 2024, MACHINE),
    _scene("garage rock, psychedelic rock, surf rock, 60s", 1962, 2016, BAND),
    _scene("idm, glitch, electronic, ambient", 1993, 2014, MACHINE),
    _scene("power metal, symphonic metal, metal, heavy metal", 1995, 2016, DARK),
    _scene("city pop, japanese, funk, 80s", 1976, 1988, SINGER),
    _scene("celtic, irish folk, folk, traditional", 1970, 2014, GROUP),
    _scene("desert blues, world, african, blues rock", 1990, 2020, GROUP),
    _scene("tango, latin, world, nuevo tango", 1935, 1990, GROUP),
    _scene("flamenco, spanish guitar, world, acoustic", 1968, 2015, SINGER),
)
