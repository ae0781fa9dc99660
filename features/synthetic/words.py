"""Tables of words that invented names are put together from. Data only; who combines them is ``names``."""

# ruff: noqa: SIM905 - a table of words is read as prose

from __future__ import annotations

# Two halves make a surname or a one-word stage name that nobody bears.
SYLLABLES_FIRST = (
    "Ald Ash Bel Bran Cal Cor Dal Dov Eld Fen Fiel Gar Hald Har Iv Jor Kal Kest Lar Lor Mar Mer Nor Ol "
    "Or Pel Quil Ran Ros Sav Sel Sol Tam Tarn Thal Ul Val Ver Wen Wyn Yar Zel"
).split()
SYLLABLES_LAST = (
    "abry acre amont andi arra avel beck bourne brand dane denza dova ell enna erby eski etti fall ford "
    "gard gren holt ian ica imar ington inovic ira isk kow lund lyn mere mond mora nova okun ora osa "
    "quist ridge sen stad strand thwaite uchi ulu unde vane vik wick worth wyn yama zano"
).split()
GIVEN_NAMES = (
    "Ada Aiko Alma Amara Anders Anika Arlo Asha Aziz Beno Birgit Bruno Cato Chidi Clio Dalia Davor Dina "
    "Edda Eero Elif Emeka Enzo Esme Farid Femi Freya Gaia Goran Hana Hugo Ida Ilse Imani Ines Ivo Jaya "
    "Jonas Juno Kaia Kenji Kofi Lale Leif Linh Lotte Luca Maeve Malik Mara Mateo Mika Mira Nadia Naoki "
    "Nils Noor Odile Omar Otis Paz Pia Priya Quinn Rafa Remy Rosa Runa Sabine Samir Senna Signe Soren "
    "Suki Tadeo Tariq Tove Uma Vera Viggo Wanda Wes Yara Yuki Zadie Zeno"
).split()

ADJECTIVES = (
    "Amber Backward Borrowed Brittle Clockwork Copper Crooked Drowsy Electric Faded Feral Flightless "
    "Folded Frosted Gentle Gilded Half-Lit Hollow Homesick Idle Inland Lopsided Lukewarm Magnetic "
    "Midweek Misplaced Nocturnal Overcast Paper Patient Plastic Porcelain Quiet Rented Rusty Salted "
    "Secondhand Sideways Silent Sleepless Slow Static Sunken Tidal Unfinished Unsent Velvet Wandering "
    "Waterlogged Winter"
).split()
NOUNS = (
    "Almanac Antenna Aqueduct Arcade Avalanche Badger Balcony Basement Beacon Bicycle Cabinet "
    "Cartographer Cathedral Chandelier Cinema Comet Compass Corridor Cormorant Dynamo Elevator Envelope "
    "Escalator Ferry Foghorn Gazebo Glacier Greenhouse Harbour Harvest Heron Hinterland Hotel Island "
    "Junction Kettle Lantern Lighthouse Lobby Magpie Marble Meadow Meridian Mirror Monument Mosaic "
    "Motorway Orchard Otter Parade Parliament Pavilion Pendulum Pigeon Postcard Quarry Radiator "
    "Receiver Reservoir Satellite Semaphore Shoreline Signal Staircase Suburb Swan Telegram Telescope "
    "Theatre Thicket Timetable Tramway Turnstile Umbrella Veranda Viaduct Volcano Warehouse Weathervane "
    "Windmill"
).split()
DARK_NOUNS = (
    "Abyss Anvil Ash Barrow Bane Blight Catacomb Cairn Chasm Crypt Dirge Doom Ember Famine Frost "
    "Gallows Gloom Grave Hollow Husk Iron Maw Monolith Moor Night Obsidian Ossuary Pale Plague Pyre "
    "Raven Requiem Ruin Sepulchre Shard Shroud Sorrow Thorn Throne Tomb Tower Vigil Void Wolf Wrath"
).split()
MACHINE_WORDS = (
    "Array Axis Buffer Carrier Circuit Cycle Delta Diode Drift Echo Field Filter Flux Form Gamma Glide "
    "Grid Hertz Index Ion Lattice Linear Loop Matrix Module Node Octave Orbit Phase Photon Pixel Plane "
    "Plasma Prism Pulse Quartz Relay Sample Sector Sequence Sine Spectra State Surface Tangent Tensor "
    "Unit Vector Vertex Voltage Wave Zero"
).split()
GROUPS = "Orchestra Collective Ensemble Trio Quartet Band Sound-System Club Brothers Sisters Society Choir".split()
RAP_FIRST = "Big Cold Cousin DJ Doc Kid King Lady Lil Major MC Mister Old Prof Queen Saint Uncle Young".split()

MOODS = (
    "sad|happy|sleep|focus|gym|running|rainy day|sunday morning|late night|road trip|cooking|study|chill|party|"
    "summer|winter|commute|heartbreak|dinner with friends|cleaning the flat|slow mornings|angry|calm|nostalgia"
).split("|")
MOOD_TAILS = ("", " vibes", " songs", " mix", " ✨", " 2", " playlist", " :)")
SILLY_NAMES = (
    "asdf|do not touch|songs my cat likes|untitled|my playlist #1|new new new|AAAAAA|for the train|bathtub opera|"
    "banger city|soup|playlist (final) (2)|beep boop|music to argue to|stuff|good ones|mine|why is this so good|"
    "shazam dump|elevator to the moon|dad's car|not sure yet|temp|🐸|🔥🔥🔥|keepers|to sort|potatoes|kitchen disco|"
    "the one with the whistling|songs that smell like rain|out of office|for M.|hidden gems|from Anna"
).split("|")
