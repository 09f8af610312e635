"""Which language a message is in: by its script, else by the words that only one language has. Pure."""

from collections.abc import Callable

from inference.planning.languages.language import Language, languages, words_of

SHARE = 0.4  # of a message's words that a language has to know, and more than English does
TIE = 0.5  # of both a language and English, from which on it is that language: somebody chose its words
SURELY = 0.85  # share of English words from which on nothing else is looked for


# Of languages without a file that share words with one that has one: a file of theirs makes theirs superfluous.
_OTHERS = [
    frozenset(words.split())
    for words in (
        "che cosa sono questo questa questi queste nella nello della dello delle quanti quante chi dove una gli è ci foto",
        "que quem quantos quantas está estão nesta neste esta este imagem não são uma um na no da do tem há isso você",
        "wat is het een de dit dat deze hoeveel zijn er op in wie waar welke zie staan heeft kleur geen van naar met foto",
        "ile jest są na tym zdjęciu co kto gdzie czy jaki jaka",
        "hur många är på bilden vad det hvor mange er der billedet hvad har den en ett",
    )
]


def language_of(message: str, is_english: Callable[[str], bool]) -> Language | None:
    """A language that has a file; None for English and every other. `is_english` says whether English has a word."""
    words = [word for word in words_of(message) if word.isalpha() or word.endswith("'")]
    english = sum(map(is_english, words)) / len(words) if words else 1.0
    if english >= SURELY:
        return None
    shares = [(_share(words, language), language) for language in languages()]
    share, best = max(shares, key=lambda pair: pair[0], default=(0.0, None))
    other = max(sum(word in words_of_other for word in words) / len(words) for words_of_other in _OTHERS)
    is_likelier = share > english or share == english >= TIE
    return best if share >= SHARE and share > other and is_likelier else None


def _share(words: list[str], language: Language) -> float:
    """Of the words that are in it, phrases too; those that it shares with English, or that mean nothing, do not count."""
    known, place = 0, 0
    while place < len(words):
        for length in range(min(language.longest, len(words) - place), 0, -1):
            phrase = tuple(words[place : place + length])
            if (english := language.glosses.get(phrase)) is not None:
                known += length if english not in ("", " ".join(phrase)) else 0
                break
        else:
            length = 1
        place += length
    return known / len(words)
