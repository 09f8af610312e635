"""What the signs say: lines as signs, labels and menus have them, drawn from a seed."""

import random

NAMES = [
    "Oak",
    "Mill",
    "Park",
    "Harbour",
    "Station",
    "Castle",
    "Church",
    "River",
    "Queen",
    "Victoria",
    "Garden",
    "Market",
    "Bridge",
    "Hill",
    "Forest",
    "Lake",
]
WAYS = ["Street", "Road", "Lane", "Avenue", "Square", "Drive", "Court", "Terrace"]
SHOPS = [
    "Bakery",
    "Florist",
    "Pharmacy",
    "Barber",
    "Library",
    "Museum",
    "Butcher",
    "Tailor",
    "Workshop",
    "Laundry",
    "Bookshop",
    "Hotel",
]
DISHES = [
    "Soup",
    "Salad",
    "Coffee",
    "Lemonade",
    "Sandwich",
    "Pancakes",
    "Mushroom",
    "Chicken",
    "Cheese",
    "Tomato",
    "Potato",
    "Chocolate",
    "Apple",
    "Orange",
]
NOTICES = (
    "NO PARKING", "PRIVATE PROPERTY", "PLEASE KEEP OFF THE GRASS", "BEWARE OF THE DOG", "FIRE EXIT", "MIND THE STEP",
    "DO NOT ENTER", "Please ring the bell", "Way out", "WET PAINT", "Cash only", "NO SMOKING", "Push", "STAFF ONLY",
    "Closed on Sundays", "Keep right", "SLOW CHILDREN", "Tickets", "Platform 4", "Road works ahead", "Thank you for your visit",
    "Best before end of month", "Store in a cool dry place", "Made in Portugal", "Shake well before use", "Fragile", "SALE",
)  # fmt: skip


def sign(rng: random.Random) -> list[str]:
    """One to five lines."""
    return rng.choice((_notice, _street, _shop, _menu, _label))(rng)


def _notice(rng: random.Random) -> list[str]:
    return rng.sample(NOTICES, rng.randint(1, 2))


def _street(rng: random.Random) -> list[str]:
    line = f"{rng.choice(NAMES)} {rng.choice(WAYS)}"
    return [line.upper() if rng.random() < 0.4 else line, f"{rng.choice(('Postcode', 'Zone', 'Gate'))} {rng.randint(1, 99)}"]


def _shop(rng: random.Random) -> list[str]:
    name, opens = f"{rng.choice(NAMES)} {rng.choice(SHOPS)}", rng.randint(7, 11)
    lines = [name, f"Open {opens}:00 - {rng.randint(16, 22)}:30", f"Tel. 0{rng.randint(20, 79)}7 946 0{rng.randint(100, 999)}"]
    return [*lines, f"www.{name.replace(' ', '-').lower()}.example"] if rng.random() < 0.5 else lines


def _menu(rng: random.Random) -> list[str]:
    return [
        f"{dish} {rng.randint(2, 18)}.{rng.choice(('20', '50', '80', '95'))}" for dish in rng.sample(DISHES, rng.randint(2, 5))
    ]


def _label(rng: random.Random) -> list[str]:
    grams = f"{rng.choice((125, 250, 330, 500, 750))} {rng.choice(('g', 'ml'))}"
    date = f"{rng.randint(1, 28):02}.{rng.randint(1, 12):02}.2027"
    return [f"{rng.choice(DISHES)} {rng.choice(('spread', 'drink', 'mix', 'bar'))}", grams, f"Best before {date}"]
