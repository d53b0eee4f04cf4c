"""A text as words, and the words as what the model counts.

Counted are words, neighbours (two, three, two around a third), words written in capitals, and the pieces of a
word, so that unknown forms of known words say something. Each counted thing knows the words that it is made of:
what it adds to an answer is theirs.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

PIECES = (3, 4, 5)  # letters in a piece, the marks of beginning and end of the word among them
PIECE = "\t"  # begins the name of a piece; no word holds a tab
LONGEST = 40  # characters of a word that are looked at; longer ones are no words
_WORD = re.compile(
    r"\[[a-z]+\]"  # masked names
    r"|[^\W_]+(?:['’][^\W_]+)*"  # words and numbers, with an apostrophe inside
    r"|[!?.]+|[:;=]['-]?[)(dp/|]+|<3"  # punctuation in runs, smileys of old
    r"|[^\s\w\u200d\ufe0e\ufe0f]",  # any other sign, emoji among them, without what only joins and colours them
    re.IGNORECASE,
)
_DRAWN_OUT = re.compile(r"(.)\1{2,}", re.DOTALL)


@dataclass(frozen=True)
class Word:
    """A word or sign of a text.

    Attributes:
        text: as written
        start: its first character in the text
        end: the character after its last
    """

    text: str
    start: int
    end: int


def words(text: str) -> tuple[Word, ...]:
    """The words and signs of a text, in order."""
    return tuple(Word(found.group(), found.start(), found.end()) for found in _WORD.finditer(text))


def counted(found: tuple[Word, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """What the model counts in a text: name, and the words it is made of by index; the same may come again."""
    if not found:
        return
    names = [plain(word.text) for word in found]
    for i, word in enumerate(names):
        yield word, (i,)
        if word[0].isalnum():
            marked = f"<{word}>"
            for length in PIECES:
                if length < len(marked):
                    for first in range(len(marked) - length + 1):
                        yield PIECE + marked[first : first + length], (i,)
        if len(word) > 1 and found[i].text.isupper():
            yield f"^{word}", (i,)
    row, inside = ("<s>", *names, "</s>"), range(len(names))  # beginning and end are neighbours too, but no words
    for i, name in enumerate(row[:-1], -1):
        yield f"{name} {row[i + 2]}", tuple(at for at in (i, i + 1) if at in inside)
    for i, (name, middle, far) in enumerate(zip(row, row[1:], row[2:], strict=False), -1):
        yield f"{name} {middle} {far}", tuple(at for at in (i, i + 1, i + 2) if at in inside)
        if ends := tuple(at for at in (i, i + 2) if at in inside):
            yield f"{name}  {far}", ends


def plain(word: str) -> str:
    """A word as it is looked up: small letters, one kind of apostrophe, letters drawn out three times at most."""
    return _DRAWN_OUT.sub(r"\1\1\1", word[:LONGEST].lower().replace("’", "'"))
