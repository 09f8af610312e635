"""What people often ask of a photo that no model here can do, and the sentence that says so. A task that can is asked first."""

import re

from inference.engine import tasks
from inference.planning.rules.wording import PHOTO

METADATA = "The date, the place and the camera are removed from a photo when it is uploaded, so I cannot know them."
TAGS = "I do not make lists of tags. Ask what the photo shows, or for a description."
CHOOSE = "I cannot choose from a list of options. Ask a question with yes or no, or for a description."
MEANING = "I can say what a photo shows, not what it means."
TWO_PHOTOS = "I look at one photo at a time, so I cannot compare two. Ask the same question about each."
NAMES = "A photo does not say what a person, a pet or a street is called, so I cannot know it. Ask what I can see."
_ORDINAL = r"(?:first|second|third|last|previous|other|left|right)"
_LIMITS = (
    (METADATA, re.compile(
        r"\b(?:exif|metadata|geotag\w*|gps|latitude|longitude|coordinates|shutter speed|aperture|focal length|file ?name|file ?size)\b"
        rf"|^(?:when|what (?:date|day|year|time)|on (?:what|which) (?:date|day)) (?:was|were|is) (?:it|this|that|(?:the|this|that|my) {PHOTO}) (?:taken|shot|made|captured|created)\b"
        rf"|^(?:what|which) (?:camera|phone|lens|device)(?: model)?\b.*\b(?:used|taken|took|shot|captured|made)\b|^who (?:took|shot|made|captured) (?:it|this|that|(?:the|this|that|my) {PHOTO})\b"
    )),
    (NAMES, re.compile(
        r"\b(?:name|names) of (?:the |this |that |these |those |my |our |his |her )(?:\w+ )?(?:person|people|man|men|woman|women|boy|girl|child|couple|baby|guy|lady|cat|dog|pet|horse|street|road|town|village|city|shop owner|player|skater|actor|actress|singer|team)s?\b(?! (?:breed|species|kind|type|food|sign|team)|.*\b(?:sign|written|label)\b)"
        r"|^what (?:is|are) (?:his|her|their) (?:first |last |full |sur)?names?\b|^who is (?:this|that)(?: (?:[\w-]+ ){0,2}(?:man|woman|person|guy|lady|boy|girl|visitor|resident|kid|child|fellow|gent|gentleman|player|actor|actress|singer|stranger))?(?: (?:in|on|at|with|behind|next to) (?:the|my|a) [\w ]+)?$|^who (?:is|are) (?:he|she|they|these|those)(?: people)?$|^(?:which|what) (?:street|road|address|town|village) (?:is|are) (?:it|this|that|we|i)\b|\b(?:exact|full|postal|street) address\b"
    )),
    (TAGS, re.compile(r"^(?!how\b|what colou?r|where\b|(?:is|are|does|do|has|have) )(?!.*\b(?:price|name|dog) tags).*\b(?:tags|keywords|hashtags)\b")),
    (CHOOSE, re.compile(r"^(?:choose|pick|select) (?:\w+ )?(?:from|between|among|out of|one of)\b|\b(?:one|either) of the (?:following|options|categories|classes|labels)\b|\bfollowing (?:options|categories|classes|labels)\b")),
    (MEANING, re.compile(r"\b(?:significance|symbolism|meaning|implications?|importance|moral|hidden message) (?:of|behind|in) (?:it|this|that|the|my)\b|^what (?:does|do) (?:it|this|that|(?:the|this|that|my) \w+) (?:mean|symboli[sz]e|signify)\b")),
    (TWO_PHOTOS, re.compile(
        rf"\b(?:(?:these|the|those|my) (?:two|2|three|3)|both(?: of)?(?: the| these| my)?|(?:compare|between|which of) (?:these|those|the|my)) (?:photos|photographs|pictures|images|pics)\b|\b{_ORDINAL} {PHOTO}\b.*\b(?:than|with|from|and|or|to)\b.*\b{_ORDINAL}(?: {PHOTO}| one)?\b"
    )),
)  # fmt: skip
_SIZE = re.compile(
    rf"^(?:what (?:is|are) )?(?:the )?(?:resolution|dimensions?|size|width|height|pixel size|aspect ratio)(?: in pixels)?(?: of| for) (?:this|the|my|that) {PHOTO}$"
    rf"|^how (?:big|large|wide|tall|high) is (?:this|the|my|that) {PHOTO}$|^how many (?:mega)?pixels\b|\bresolution\b"
)


def limit(text: str) -> str | None:
    """Why this cannot be answered; None where it can be tried. `text` as `wording.direct` leaves it."""
    if tasks.requested(text):
        return None
    return next((sentence for sentence, pattern in _LIMITS if pattern.search(text)), None)


def asks_for_size(text: str) -> bool:
    """Of the photo itself, in pixels."""
    return bool(_SIZE.search(text))
