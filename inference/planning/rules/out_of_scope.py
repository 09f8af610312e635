"""Asked of the program or of the world, not of a photo: said so instead of letting a model make something up."""

import re

_SEE = (
    r"(?:see|spot|make out|notice|find|tell|count|read|think|say|call|recogni[sz]e|identify|describe|guess|name|classify|observe|"
    r"look|point|list|explain|give|show|help|check|confirm|know|estimate|caption|label|summari[sz]e|please)"
)
_PROGRAM = re.compile(
    rf"^(?:(?:who|what|how|which|where|when|why|whose)\b[\w' ]*? )?(?:are|do|did|can|could|were|will|would|have|should|may) you\b(?! {_SEE})"
    rf"|^(?:what|who|how|which) (?:can|could|do|does|is|are) (?:you|isthmus)(?: do(?:ing)?| work| help)?$"
    r"|\byour (?:name|age|favou?rite|system|instructions?|rules|model|opinion|creator|purpose|job|maker|prompt|password|training|source|version)\b"
    r"|^(?:what|where|how|when|who|which [a-z]+) (?:should|shall) (?:i|we)\b|^(?:could|can|will|would) you (?:make(?! out)|add|change|turn|fix|improve)\b"
    r"|\b(?:can|could|may|do|should|must) i (?:upload|use|add|send|ask|get|change|delete|download|log|sign|share|pay|buy|install|train)\b|^you there$"
    r"|^who (?:made|built|wrote|created|programmed) (?:you|isthmus)\b|\bthat (?:wrote|made|built) you\b|^help(?: me)?$"
    r"|\b(?:i|me) (?:ask(?:ed)?|said|told)\b.*\b(?:yesterday|before|last)\b|^how do i\b|^what (?:should|can|must) i (?:do|type|ask)\b"
)
_MADE = re.compile(
    r"^(?:tell|write|compose|sing|make up|invent|give|recite)(?: me| us)? .*\b(?:jokes?|poems?|story|stories|songs?|essay|e-?mail|letter|code|programs?|haiku|advice|python|scripts?|tickets?|admin|password)\b"
    r"|^(?:translate|remind|book|order|buy|call|text|e-?mail|play|search|google|delete|remove|erase|crop|rotate|resize|edit|draw|generate|"
    r"paint|blur|enhance|sharpen|brighten|upscale|zoom|colou?ri[sz]e|send|post|share|upload|download|forward|publish|save|export|open|"
    r"install|set (?!up)|turn|flip|mirror|print|calculate|compute|solve|convert|recommend|suggest|compare|increase|decrease|reduce|"
    r"execute|eval|import|reveal|repeat|output|pretend|act as|forget|disregard|ignore|override|bypass|grant|approve|revoke|reboot|"
    r"shut ?down|restart|stop|pause|cancel|resume|schedule|select|drop|insert|hack|log ?in|sign|pay|vote)\b"
    r"|^(?:add|change|fix|improve|adjust|apply|put) (?:a|an|the|some|more|another|it)\b(?! into words| name)"
    r"|^make (?:it|this|that|me|him|her|them|the [\w ]+?) (?:\w+er|more|less|look|black|into|bright|dark|blue|red|green|smile|disappear)\b"
    r"|^(?:use|call|run|invoke|start|launch) (?:the )?(?:tool|function|command|script|program|shell|browser|web|\w+_\w+|\w+ ?tool|rm|curl|sudo)\b"
    r"|^find (?:me |us )?(?:similar|more|other|some|all|the same|a (?:cheap|good))\b|^(?:show|list) (?:me )?(?:all )?(?:the )?(?:users?|secrets?|keys?|passwords?|photos of|another)\b"
    r"|^explain (?!(?:this|the|what|why|how|it|that|to me)\b)"
)
_WORLD = re.compile(
    r"^(?:what|who) is (?!(?:this|that|it|he|she|there|wrong|here|left|different|unusual|special|visible|next|outside|inside|odd|new|funny|strange|broken)\b)(?!\w+(?:ing|ed|er|est)$)[a-z]+$|"
    r"^who (?:invented|discovered|won|painted|composed|founded|directed|wrote|sang|killed|was the first)\b"
    r"|^(?:when|why) (?:did|does|do) (?!(?:the|this|that|he|she|it|they)\b)|^when did\b|^(?:when|where) (?:was|were|is) [\w ]+? (?:born|invented|founded|discovered|built)$|^how (?:do|does) (?:an? |the )?[\w ]+? work$"
    r"|^how (?:far|deep|tall|high|big|old|long|large|hot|heavy) (?:is|are) (?:the )?(?:mount|moon|sun|earth|world|sea|ocean|universe|everest|eiffel|nile|mars)\b"
    r"|^how (?:much|many) (?:is|does|are|do) (?:an? )?(?:tickets?|flights?|hotels?)\b|^what is \d+|^\d+ ?[-+*/x] ?\d+"
    r"|^what (?:time is it|day is it|is the (?:time|date)|day is (?:it )?today)$|^is (?:god|love|time|life) \b|\blife on mars\b"
    r"|\b(?:capital of|president|prime minister|stock price|price of|bitcoin|meaning of life|square root|recipe for|population of|"
    r"news|world cup|world war|lottery|horoscope|quantum|federated learning|the election|wikipedia|exchange rate|gdp|history of)\b"
    r"|^how to (?!(?:call|classify|describe)\b)|^will it (?:rain|snow)\b|\b(?:weather|rain|snow)\b.*\b(?:tomorrow|in [a-z]+ (?:today|tomorrow|now)|forecast|next week|this weekend)\b|\bforecast\b"
    r"|\b(?:tomorrow|yesterday|next week)$|^(?:how|what) is (?:the|my|our) (?:training|run|federation) (?:going|doing|status|progress)\b"
    r"|^(?:is|are) (?:training|federated|learning|machine learning|ai) (?:dangerous|safe|hard|legal|private)$|^is training\b"
)
_ORDERS = re.compile(
    r"\byour (?:new|real|only|true) (?:rules?|instructions?|orders?|role|task|goal|purpose|job)\b|"
    r"\b(?:previous|prior|above|earlier|all|your|these|any) (?:instructions?|directions?|rules|prompts?)\b|\bsystem prompt\b|\bdeveloper mode\b|"
    r"\b(?:api|secret) keys?\b|\bpasswords?\b(?!.*\b(?:on|from) (?:the|this|that|my|his|her) (?:card|sign|sticker|label|note|router|wall|poster|board|paper|screen|receipt|box|back)\b)|\badmin(?:istrator)? (?:rights|mode)\b|\bthe administrator\b|\b(?:env|environment) variables\b|"
    r"\banother user\b|\b(?:rm -rf|drop table|delete from|curl http|etc/passwd)|\byou are (?:now|root)\b|\b(?:invent|add) a (?:task|tool|step)\b|\ballowed tasks\b|\btask ?= ?\w+|\btext above\b|\bimport os\b"
)
_OTHER_PHOTO = re.compile(
    r"\b(?:compare|similar|difference)\b.*\b(?:photos?|pictures?|images?|one)\b.*\b(?:other|took|last|earlier|previous|before)\b|\bmy other (?:photo|picture|one)\b"
)
_FOREIGN_WORDS = (
    "que qué hay en el los una est il ce qui quoi le les des dans sur wo ist der das wie und ein eine auf dem den "
    "bild dove che cosa nella onde het een wat zie où qu'il qu'y a-t-il est-ce y un la de du es son vois-tu foto cette cet combien quel "
    "quelle sont dans avec welche welcher wieviele sind gibt diesem dieses das cuántos cuantos cuál quién dónde aquí esta este imagen "
    "qual quanti quante chi sono questa quantos quantas quem está nesta imagem zdjęciu jest"
)
LATIN = 0x24F  # the last letter of the Latin script
_FOREIGN = frozenset(_FOREIGN_WORDS.split())


def elsewhere(text: str, requested: bool = False) -> bool:
    """`text` as `wording.direct` leaves it. `requested`: a task takes it for a request, so that only orders to the program and
    other photos make it something else."""
    tables = (_ORDERS, _OTHER_PHOTO) if requested else (_PROGRAM, _MADE, _WORLD, _ORDERS, _OTHER_PHOTO)
    return any(table.search(text) for table in tables)


def foreign(text: str) -> bool:
    letters = [c for c in text if c.isalpha()]
    if letters and sum(ord(c) > LATIN for c in letters) > len(letters) / 2:
        return True
    return sum(word in _FOREIGN for word in text.split()) > 1


_PREPOSITION = r"(?:in|of|to|from|between|and|near|about|at)"
_OF_THIS = re.compile(r"\b(?:this|these|those|here|it|photo|picture|image|he|she|they|his|her|their|sign|shirt|flag|there)\b")


def of_the_world(text: str, names: frozenset[str]) -> bool:
    """A question about places and people with names, and about nothing that can be seen here. `names`: the words of the message
    that were written with a capital inside a sentence."""
    if _OF_THIS.search(text):
        return False
    return any(re.search(rf"\b{_PREPOSITION} {re.escape(name)}\b", text) for name in names)


def names_in(message: str) -> frozenset[str]:
    if message.isupper():
        return frozenset()
    return frozenset(word.lower() for word in re.findall(r"(?<=[a-z,] )([A-Z][a-z]+)\b", message))
