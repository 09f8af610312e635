"""The words the made-up questions are about: what a caption may say, and the one word an answer uses for it."""

# answer word -> the words captions use for it. A word stands under one entry only.
PEOPLE = {
    "man": "man men guy guys gentleman male males fisherman businessman cowboy",
    "woman": "woman women lady ladies female females",
    "boy": "boy boys",
    "girl": "girl girls",
    "child": "child children kid kids toddler toddlers",
    "baby": "baby babies infant",
}
ANIMALS = {
    "dog": "dog dogs puppy puppies greyhound greyhounds terrier poodle collie labrador retriever doggy",
    "cat": "cat cats kitten",
    "horse": "horse horses pony",
    "bird": "bird birds seagull seagulls duck ducks pigeon pigeons",
}
THINGS = {
    "ball": "ball balls basketball volleyball football baseball soccerball",
    "bike": "bike bikes bicycle bicycles bmx",
    "motorcycle": "motorcycle motorcycles motorbike motorbikes motocross",
    "car": "car cars automobile",
    "truck": "truck trucks",
    "boat": "boat boats canoe kayak raft sailboat",
    "frisbee": "frisbee frisbees",
    "stick": "stick sticks",
    "skateboard": "skateboard skateboards skateboarder skateboarders skateboarding",
    "snowboard": "snowboard snowboarder snowboarders snowboarding",
    "surfboard": "surfboard surfboards surfer surfers surfing",
    "swing": "swing swings swinging",
    "slide": "slide",
    "guitar": "guitar guitars",
    "camera": "camera cameras",
    "bench": "bench benches",
    "table": "table tables",
    "chair": "chair chairs",
    "umbrella": "umbrella umbrellas",
    "hat": "hat hats cap",
    "helmet": "helmet helmets",
    "tent": "tent tents",
    "fence": "fence fences",
    "rope": "rope ropes",
    "toy": "toy toys",
    "fountain": "fountain fountains",
    "building": "building buildings",
    "tree": "tree trees",
    "rock": "rock rocks boulder boulders",
    "sign": "sign signs",
    "bag": "bag bags backpack purse",
    "flag": "flag flags",
    "ramp": "ramp ramps",
    "sled": "sled sledding sleds",
    "book": "book books",
    "phone": "phone cellphone cellphones",
    "flowers": "flower flowers",
    "sunglasses": "sunglasses glasses goggles",
    "shirt": "shirt shirts tshirt",
    "dress": "dress dresses",
    "jacket": "jacket jackets coat coats",
    "skis": "ski skis skier skiers skiing",
}
PLACES = {
    "beach": "beach shore seashore",
    "snow": "snow snowy",
    "grass": "grass grassy lawn",
    "water": "water",
    "street": "street streets road roads crosswalk",
    "sidewalk": "sidewalk",
    "field": "field meadow",
    "pool": "pool",
    "mountain": "mountain mountains cliff hill mountainside hillside",
    "park": "park playground",
    "city": "city downtown",
    "forest": "forest woods",
    "ocean": "ocean sea wave waves",
    "lake": "lake pond river creek stream",
    "sand": "sand sandy desert",
    "track": "track racetrack",
    "stage": "stage",
    "room": "room bedroom kitchen couch sofa bed indoors",
}
DOING = {
    "running": "running runs run",
    "jumping": "jumping jumps jump leaping leaps leap",
    "swimming": "swimming swims swim",
    "sitting": "sitting sits sit seated",
    "standing": "standing stands stand",
    "walking": "walking walks walk",
    "climbing": "climbing climbs climb climber",
    "riding": "riding rides ride biker bikers biking cyclist",
    "playing": "playing plays play",
    "sleeping": "sleeping sleeps asleep",
    "smiling": "smiling smiles smile laughing laughs",
    "surfing": "surfing surfs surfer",
    "skateboarding": "skateboarding skateboarder skateboards",
    "skiing": "skiing skis skier",
    "dancing": "dancing dances dancer dancers",
}
COLOURS = ("black", "white", "brown", "red", "blue", "green", "yellow", "orange", "pink", "purple", "grey", "tan")
SPELLED = {"gray": "grey", "blond": "yellow", "blonde": "yellow", "golden": "yellow"}
COUNTS = {"two": "2", "three": "3", "four": "4", "five": "5", "six": "6"}
SEVERAL = frozenset(["group", "crowd", "several", "many", "people", "couple", "team", "lots", "bunch", "family"])

# Any of these means that a person is there; their plain absence from five captions, that nobody is.
HUMAN = frozenset(
    ["person", "persons", "people", "adult", "adults", "player", "players", "rider", "climber", "hiker", "hikers", "runner", "runners", "racer", "swimmer", "diver", "friends", "performer", "performers", "worker", "workers", "soldier", "soldiers", "he", "she", "his", "her", "him", "they", "their", "someone", "somebody", "everyone", "teenager", "teenagers", "teen", "teens", "bride", "groom", "singer", "musician", "musicians", "band", "driver", "athlete", "athletes", "student", "students", "tourist", "tourists", "child's", "man's", "woman's", "boy's", "snowboarder", "skateboarder", "surfer", "skier", "cyclist", "biker", "bikers", "motorcyclist", "wrestler", "wrestlers", "dancer", "dancers", "cheerleader", "cheerleaders", "gymnast", "golfer", "pitcher", "batter", "quarterback", "hand", "hands", "face"]
)


def by_word(table: dict[str, str]) -> dict[str, str]:
    """caption word -> answer word."""
    return {word: answer for answer, words in table.items() for word in words.split()}


def plural(word: str) -> str:
    """The plural a question asks for: `how many dogs`."""
    irregular = {"man": "men", "woman": "women", "child": "children", "baby": "babies", "boy": "boys", "people": "people"}
    return irregular.get(word, word if word.endswith("s") else f"{word}s")
