"""The offline planner's reading of a question that comes with several photos. What is asked of one photo is asked of each,
unless the question names those that it means."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from inference.planning.context import Context, ParsedStep
from inference.planning.each_photo import each_photo, of_each, of_photos
from inference.planning.phrasing.compared import compared
from inference.planning.reader.interpret import ONE_AT_A_TIME
from inference.planning.rules.tables import Outcome
from inference.planning.several_photos import references, together

NO_SUCH_PHOTO = "This question has {photos} photos, so there is no photo {number}."
NOT_SO_MANY = "This question has {photos} photos, not {count}."
Read = Callable[[str, Context], Outcome]


def read_of_photos(question: str, context: Context, read: Read) -> Outcome:
    """`read` reads a question about one photo."""
    if context.photos > 1 and context.has_photo:
        return _with_several(question, context, read)
    if context.has_photo and context.earlier_photos and (outcome := _of_conversation(question, context, read)):
        return outcome
    each = each_photo(question) if context.has_photo else None
    if each is None:
        return read(question, context)
    outcome = read(each.text, replace(context, earlier_photos=0))
    steps, remarks = of_each(outcome.steps, each.count, context.earlier_photos + 1)
    return replace(outcome, steps=steps, remarks=(*outcome.remarks, *remarks))


def _of_conversation(question: str, context: Context, read: Read) -> Outcome | None:
    """Of photos of the conversation that are compared, or named by two or more numbers; None for every other request."""
    if pair := compared(question, context.earlier_photos):
        step = ParsedStep("vqa", pair.question) if pair.question else ParsedStep("classify", "")
        steps, remarks = of_photos([step], pair.befores)
        return Outcome(steps, remarks=(*([ONE_AT_A_TIME] if pair.by_reader else []), *remarks))
    photos = context.earlier_photos + 1
    own = references.numbered(question, photos)
    if len(own.numbers) < 2 or own.numbers[-1] > photos:
        return None
    outcome = read(own.text, replace(context, earlier_photos=0))
    steps, remarks = of_photos(outcome.steps, [photos - number for number in own.numbers])
    return replace(outcome, steps=steps, remarks=(*outcome.remarks, *remarks)) if steps else None


def _with_several(question: str, context: Context, read: Read) -> Outcome:
    photos, of_one = context.photos, replace(context, photos=1, earlier_photos=0)
    own = references.named(question, photos)
    if references.speaks_of_earlier(question) or (own.numbers and references.speaks_of_one_at_hand(question)):
        return _with_earlier(question, context, read)
    if beyond := [number for number in own.numbers if number > photos]:
        return Outcome(why=NO_SUCH_PHOTO.format(photos=photos, number=beyond[0]))
    numbers = own.numbers or range(1, photos + 1)
    befores = [photos - number for number in numbers]
    request = together.request_of_each(own.text) if len(befores) > 1 else None
    if request is not None:
        step, is_compared = request
        steps, _ = of_photos([step], befores)
        return Outcome(steps, remarks=(ONE_AT_A_TIME,) if is_compared else ())
    text, remarks = own.text, list[str]()
    if not own.numbers:
        each = each_photo(text)
        if each is not None and each.count not in (0, photos):
            remarks.append(NOT_SO_MANY.format(photos=photos, count=each.count))
        text = each.text if each else references.of_each(text)
    outcome = read(text, of_one)
    steps, more = of_photos(outcome.steps, befores)
    return replace(outcome, steps=steps, remarks=(*outcome.remarks, *remarks, *more))


def _with_earlier(question: str, context: Context, read: Read) -> Outcome:
    """A photo of an earlier question is spoken of. Where there was none, as with programs that send all photos at once, those
    before the last one are the earlier ones."""
    others = context.photos - 1
    outside = context.earlier_photos - others
    if outside <= 0 or not references.speaks_of_earlier(question):
        return read(question, replace(context, photos=1, earlier_photos=others))
    outcome = read(question, replace(context, photos=1, earlier_photos=outside))
    return replace(outcome, steps=tuple(_moved_back(outcome.steps, others)))


def _moved_back(steps: Sequence[ParsedStep], others: int) -> list[ParsedStep]:
    return [replace(step, before=step.before + others) if step.before else step for step in steps]
