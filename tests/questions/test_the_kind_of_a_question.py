"""What kind of answer a question asks for, however people write it."""

import pytest

from inference.engine.questions import kinds, spelling
from inference.engine.questions.kinds import Kind


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("is there a dog?", Kind.YES_NO),
        ("Is she smiling", Kind.YES_NO),
        ("is he asleep or not?", Kind.YES_NO),
        ("isnt it raining", Kind.YES_NO),
        ("are there any cats or dogs?", Kind.YES_NO),
        ("Can you see a fire truck?", Kind.YES_NO),
        ("any dogs?", Kind.YES_NO),
        ("how many dogs r there?", Kind.NUMBER),
        ("hw mny ppl are in the picture", Kind.NUMBER),
        ("count the elephants", Kind.NUMBER),
        ("What is the number of boats?", Kind.NUMBER),
        ("how many cats or dogs are there?", Kind.NUMBER),
        ("What’s the color of the car?", Kind.COLOUR),
        ("whats teh colur of her shirt", Kind.COLOUR),
        ("which colour is it", Kind.COLOUR),
        ("Can you tell me what colour the bus is please?", Kind.COLOUR),
        ("colour of the car pls", Kind.COLOUR),
        ("what sport are they playing?", Kind.SPORT),
        ("what season is it?", Kind.SEASON),
        ("what time of day is it?", Kind.DAYTIME),
        ("how's the weather?", Kind.WEATHER),
        ("who's this?", Kind.PERSON),
        ("where was the photo taken", Kind.PLACE),
        ("what are they doing", Kind.ACTION),
        ("what's happening?", Kind.ACTION),
        ("what is this?", Kind.NAME),
        ("whats that", Kind.NAME),
        ("what is he holding?", Kind.FREE),
        ("what number is on the shirt?", Kind.FREE),
        ("", Kind.FREE),
        ("???", Kind.FREE),
    ],
)
def test_the_kind_is_read_from_the_words(question: str, kind: Kind) -> None:
    assert kinds.read(question).kind is kind


@pytest.mark.parametrize(
    ("question", "alternatives"),
    [
        ("Is it a cat, dog or bird?", ("cat", "dog", "bird")),
        ("is it a cat, a dog, or a bird?", ("cat", "dog", "bird")),
        ("is it day or night?", ("day", "night")),
        ("what is it, day or night?", ("day", "night")),
        ("which is it: a bus or a tram", ("bus", "tram")),
        ("Indoors or outdoors?", ("indoors", "outdoors")),
        ("is the picture taken inside or outside", ("inside", "outside")),
        ("Is this photo black and white or in colour?", ("black and white", "in colour")),
        ("is the man standing or sitting on the grass?", ("standing", "sitting")),
        ("is the dog on the sofa or on the floor?", ("on the sofa", "on the floor")),
        ("is the car red, blue or green?", ("red", "blue", "green")),
        ("is the traffic light red or green?", ("red", "green")),
        ("Is it a man or a woman?", ("man", "woman")),
        ("Is that a boy or girl on the left?", ("boy", "girl")),
        ("does he have short hair or long hair", ("short hair", "long hair")),
        ("was this taken in summer or winter?", ("summer", "winter")),
        ("is it summer/winter", ("summer", "winter")),
        ("is it made of wood or metal?", ("wood", "metal")),
        ("are there more men or women?", ("men", "women")),
        ("is the cat sleeping or awake?", ("sleeping", "awake")),
    ],
)
def test_alternatives_are_read_whatever_stands_around_them(question: str, alternatives: tuple[str, ...]) -> None:
    reading = kinds.read(question)
    assert (reading.kind, reading.alternatives) == (Kind.EITHER_OR, alternatives)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("do you know what dog breed that is", "dog"),
        ("what animal have I got here?", "animal"),
        ("what are these pets", "animal"),
        ("what animal is it?", "animal"),
        ("wat aminal is this in the picture", "animal"),
        ("what kind of dog is it?", "dog"),
        ("what breed is it", "animal"),
        ("what's the breed of the dog", "dog"),
        ("which bird is that?", "bird"),
        ("what food is on the table?", "food"),
        ("What fruit is this", "fruit"),
        ("what vehicle is this", "vehicle"),
        ("what sort of instrument is she playing?", "musical instrument"),
        ("what type of car is it?", "car"),
        ("what is this?", ""),
    ],
)
def test_a_name_is_wanted_from_a_branch(question: str, wanted: str) -> None:
    reading = kinds.read(question)
    assert (reading.kind, reading.wanted) == (Kind.NAME, wanted)


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Isn't there a dog?", "is there a dog"),
        ("is there no dog?", "is there a dog"),
        ("are there no people here?", "are there any people here"),
        ("does he not wear a hat?", "does he wear a hat"),
        ("doesn't she have a bag", "does she have a bag"),
        ("is the man not wearing a hat", "is the man wearing a hat"),
        ("is he wearing no hat?", "is he wearing a hat"),
        ("isnt it raining", "is it raining"),
        ("is nobody there?", "is anybody there"),
        ("Is there nothing on the table?", "is there anything on the table"),
        ("can't you see an owl?", "can you see an owl"),
    ],
)
def test_a_negated_question_is_read_positively(question: str, asked: str) -> None:
    reading = kinds.read(question)
    assert (reading.text, reading.negated) == (asked, True)


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("what colour is the elephant?", "elephant"),
        ("what colour are the two buses", "two buses"),
        ("what is the colour of the car", "car"),
        ("how many elephants are there?", "elephants"),
        ("what is the dog doing?", "dog"),
        ("what colour is it?", ""),
        ("how many are there?", ""),
    ],
)
def test_what_is_taken_for_granted(question: str, subject: str) -> None:
    assert kinds.read(question).subject == subject


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("what animal is in the picture?", "animal"),
        ("what bird is in this photo?", "bird"),
        ("which animal is here?", "animal"),
        ("what kind of dog is in the photo?", "dog"),
        ("what is the animal in the photo?", "animal"),
        ("what is the bird called?", "bird"),
        ("what is the name of this flower?", "flower"),
        ("name this animal", "animal"),
        ("what breed is the cat?", "cat"),
        ("what dog breed is this?", "dog"),
    ],
)
def test_a_name_is_wanted_from_the_branch_that_is_asked_for(question: str, wanted: str) -> None:
    reading = kinds.read(question)
    assert (reading.kind, reading.wanted) == (Kind.NAME, wanted)


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("how many kids play football?", "kids"),
        ("how many people wear hats", "people"),
        ("count the number of dogs", "dogs"),
        ("count all the people", "people"),
        ("how many dog bowls are empty", "dog bowls"),
        ("how many dogs there are", "dogs"),
        ("how many sheep are there", "sheep"),
        ("how many colours are there", ""),
    ],
)
def test_what_is_counted(question: str, subject: str) -> None:
    assert kinds.read(question).subject == subject


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("wat colr is teh dog", Kind.COLOUR),
        ("what are the colours of the flag", Kind.COLOUR),
        ("are there one or two dogs", Kind.NUMBER),
        ("is thier a dog", Kind.YES_NO),
        ("what this is", Kind.NAME),
        ("how many ppl r there", Kind.NUMBER),
    ],
)
def test_words_as_they_are_typed(question: str, kind: Kind) -> None:
    assert kinds.read(question).kind is kind


def test_a_letter_is_no_chat_spelling() -> None:
    assert spelling.regular("Is there a letter R on the sign?") == "is there a letter r on the sign"
    assert spelling.regular("can u see a dog") == "can you see a dog"


@pytest.mark.parametrize(
    ("question", "alternatives"),
    [
        ("is it a cat or dog or neither", ("cat", "dog")),
        ("is it black or white or both", ("black", "white")),
        ("is the bus red or is it blue", ("red", "blue")),
        ("is it bright or dark in here", ("bright", "dark")),
    ],
)
def test_alternatives_end_where_the_choice_does(question: str, alternatives: tuple[str, ...]) -> None:
    assert kinds.read(question).alternatives == alternatives
