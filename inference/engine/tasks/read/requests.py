"""What the offline planner takes for a request to read, in lower case and without politeness around it. Pure.

Only what is written: the colour of a sign, a clock with hands and what a person says are questions about the photo.
"""

import re

_DET = r"(?:the|this|that|these|those|its|his|her|their|my|a|an|any|all|all the|one)"
_WRITTEN = r"(?:text|words?|writing|lettering|letters|inscription|wording|handwriting|slogan|headline|print|small print)"
SURFACE = (
    r"(?:signs?|labels?|posters?|plates?|menus?|notes?|notices?|pages?|books?|newspapers?|magazines?|headlines?|receipts?|bills?|invoices?|"
    r"tickets?|cards?|screens?|displays?|boards?|whiteboards?|blackboards?|chalkboards?|billboards?|banners?|plaques?|tags?|stickers?|"
    r"t-?shirts?|shirts?|jerseys?|bibs?|caps?|jackets?|packages?|packaging|packets?|box|boxes|bottles?|cans?|jars?|bags?|cups?|mugs?|covers?|titles?|numbers?|names?|"
    r"instructions|ingredients|warnings?|captions?|subtitles?|graffiti|documents?|forms?|lists?|timetables?|schedules?|envelopes?|"
    r"letters?|flyers?|leaflets?|advert(?:isement)?s?|ads?|logos?|badges?|doors?|walls?|windows?|shops?|stores?|bus|buses|trains?|trams?|trucks?|vans?|"
    r"cars?|boats?|ships?|planes?|cakes?|meters?|keys?|tombstones?|gravestones?|monuments?)"
)
_PERSON = r"(?:man|woman|boy|girl|person|people|child|children|kid|kids|baby|he|she|they|someone|somebody|anyone|dog|cat|player|driver|you|i|we)"
_OF_A_THING = r"(?:it|this|that|these|those|them|(?:the|a|an|one|this|that|these|those) [\w' -]+?)"
_PLATE = r"(?:licen[cs]e|number|registration) plates?"
_NUMBERED = r"(?:bus|tram|train|route|line|flight|house|room|platform|track|gate|serial|model|tail|registration|jersey|player|street|shop|store|brand|product)"
_AT = r"(?: (?:on|in|of|at|above|below|under|over|behind|from|for) .+)?"
_CONTACT = (
    r"(?:(?:(?:tele)?phone|mobile|contact|fax|tel) (?:number|no)s?|e-?mail(?: address(?:es)?)?|web ?(?:site|page|address)(?: address)?|"
    r"url|homepage|opening (?:hours?|times?)|expiry date|expiration date|(?:best|use|sell)[- ](?:before|by)(?: date)?)"
)
_PATTERNS = (
    r"^(?:ocr|transcribe|transcription|digiti[sz]e)\b|\bocr\b",
    rf"^(?:extract|copy|get|recogni[sz]e|show|give|list)(?: out)?(?: me)?(?: all)?(?: of)?(?: {_DET})?(?: visible| written| printed)? (?:text|words|writing|lettering)\b",
    r"^read(?: me| us)?(?: out| aloud| out loud| off)?(?: (?:it|this|that|these|those|them|everything|all|all of it|what .+))?(?: aloud| out loud| out)?$",
    rf"^read(?: me| us)?(?: out| aloud| off)? {_DET} (?:[\w'-]+ ){{0,3}}?(?:{_WRITTEN}|{SURFACE}){_AT}(?: aloud| out loud| out)?$",
    rf"^what (?:does|do|did) (?!{_PERSON}\b|(?:the|this|that|a|an) (?:\w+ )?{_PERSON} )(?:[\w' -]+ )?(?:says?|reads?|spells?)\b",
    rf"^what (?!{_PERSON}\b)[\w' -]*\b(?:says|reads|spells)(?: (?:here|there)| (?:on|in|at) .+)?$",
    r"^what (?:is|are|has been|was|were) (?:[\w' -]+ )?(?:written|printed|engraved|inscribed|spelled|spelt|painted in letters)\b(?! by\b)",
    rf"^what (?:is|are|does) (?:it|the (?:sign|label|poster|board|screen|display)) (?:saying|reading){_AT}$",
    rf"^what (?:is|are) (?:the|this|that|its|his|her) (?:\w+ )?{_WRITTEN}{_AT}$",
    r"^what (?:is|are) the title (?:on|of) (?:the|this|that) (?:book|film|movie|poster|magazine|newspaper|cover|page)\b",
    rf"^what (?:is|are) the (?:numbers?|names?|letters?) (?:written |printed |shown )?on (?:the|his|her|its|this|that|their) (?:[\w'-]+ ){{0,2}}{SURFACE}\b",
    r"^(?:what|which) (?:numbers?|names?|letters?|words?) (?:is|are) (?:written |printed )?on .+|^what (?:numbers?|letters?|words?) (?:does|do) .+ (?:have|show|wear|say)\b",
    rf"^(?:what|which) (?:is|are) (?:the|its|his|her|this|that|their) {_NUMBERED} (?:number|name){_AT}$",
    rf"^(?:what (?:is|are)|read|say) (?:the|its|this|that|his|her) (?:[\w'-]+ )?{_PLATE}(?: number)?{_AT}$|^read (?:the )?(?:[\w'-]+ )?{_PLATE}\b",
    rf"^(?:is|are|was) there (?:any|some|a|an )? ?(?:\w+ )?{_WRITTEN}\b|^(?:is|are) (?:there )?(?:any|some)thing written\b",
    rf"^(?:can|could) (?:you|we|i|one) (?:see|make out|find|spot) (?:any|some) (?:\w+ )?{_WRITTEN}\b",
    rf"^(?:does|do) (?:it|this|that|(?:the|this|that) [\w' -]+?) (?:have|contain|show|include) (?:any |some )?{_WRITTEN}\b",
    rf"^(?:what|which) (?:is|are) (?:the|its|their|this|that) {_CONTACT}{_AT}$|^is there an? {_CONTACT}{_AT}$|^(?:what|which) {_CONTACT} (?:is|are) (?:on|in|at|given|shown|written|printed)\b",
    r"^(?:what|which) number (?:do|can|should|must) (?:i|we|you) (?:call|ring|dial|phone)\b",
    rf"^what (?:is|are) (?:the|its|their) (?:prices?|cost|fare|admission fee|entrance fee)(?: (?:of|for) {_OF_A_THING})?(?: (?:on|in|at) .+)?$",
    rf"^(?:how much|what) (?:does|do|did|would|will) {_OF_A_THING} costs?\b",
    r"^how much (?:is|are) (?:it|this|that|they|these|those)$",
    r"^how (?:much|expensive) (?:is|are) (?:the|a|an|one|this|that|these|those) (?!.*\b(?:\w+ing|left|full|visible|empty|of|in|on|tickets?|flights?|hotels?)\b)[a-z-]+(?: [a-z-]+)?$",
    rf"^(?:what time|when) (?:does|do|is|are|will) {_OF_A_THING} (?:open|opens|close|closes|closed)\b|^until when is {_OF_A_THING} open\b|^how late is {_OF_A_THING} open\b",
    r"^(?:does|do|did) (?:it|this|that|(?:the|this|that|a|any) (?!(?:man|woman|boy|girl|person|child|he|she)\b)[\w' -]+?) (?:say|spell)\b",
    r"^is (?:the|this|that|its|his|her) (?:[\w-]+ )?(?:numbers?|plate|text|word) (?:(?:on|at|in|above|over) .+ )?(?:[“\"'].+|[a-z]*-?\d[\w.,:/-]*)$",
    rf"^what (?:is|are) the dates?(?: (?:on|printed|shown|written) .+| of (?:the|this) {SURFACE})?$|^when does {_OF_A_THING} (?:expire|run out)\b",
)  # fmt: skip
READS = re.compile("|".join(_PATTERNS))
