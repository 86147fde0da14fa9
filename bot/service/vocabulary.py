"""Concepts and camera motions: asked for by workers now and then, offered and checked by every process.

What the documents name is offered as long as no provider has told; only what a provider told is a reason to
refuse a word, because a list that is shipped grows old.
"""

from dataclasses import replace

from bot.domain.concepts import CAMERA_MOTIONS, CONCEPTS
from bot.domain.errors import ProviderError
from bot.providers.base import Vocabulary
from bot.services import Services, log
from bot.settings import Role
from bot.store.vocabulary import StoredVocabulary, save_vocabulary, vocabularies


def offered_concepts(services: Services) -> tuple[str, ...]:
    return tuple(sorted(told_concepts(services))) or CONCEPTS


def offered_motions(services: Services) -> tuple[str, ...]:
    told = {motion for words in services.vocabularies.values() for motion in words.camera_motions}
    return tuple(sorted(told)) or CAMERA_MOTIONS


def told_concepts(services: Services) -> frozenset[str]:
    """The concepts that a provider has told of; empty while none has."""
    return frozenset().union(*(words.concepts for words in services.vocabularies.values()))


async def keep_vocabularies(services: Services) -> None:
    """Read what is known, and have it told anew when it is old, until the process stops."""
    async for _ in services.ticks("vocabulary", services.times.vocabulary_retry):
        await services.guarded("vocabulary", lambda: refresh_vocabularies(services))


async def refresh_vocabularies(services: Services) -> None:
    known = await vocabularies(services.database)
    # A gateway without keys names no provider: what its workers were told holds for it, too.
    for name in {*services.settings.providers, *known}:
        told = known.get(name)
        if services.settings.role is not Role.GATEWAY and (
            told is None or services.clock() - told.told_at >= services.times.vocabulary_interval
        ):
            told = await _ask(services, name, told)
        if told is not None:
            services.vocabularies[name] = told.words


async def _ask(services: Services, name: str, known: StoredVocabulary | None) -> StoredVocabulary | None:
    """Ask the accounts of a provider in turn; what was known stays where none answers."""
    for provider in services.providers_of(name):
        try:
            words = await provider.vocabulary()
        except ProviderError as error:
            log.info("vocabulary_not_told", account=provider.account, error=repr(error))
            continue
        words = _completed(words, known)
        told = StoredVocabulary(provider=name, words=words, told_at=services.clock())
        await services.database.write(save_vocabulary, told)
        return told
    return known


def _completed(words: Vocabulary, known: StoredVocabulary | None) -> Vocabulary:
    """Keep one of two lists that is suddenly empty: an API that has nothing to tell lacks the words, too."""
    if known is None:
        return words
    return replace(
        words,
        concepts=words.concepts or known.words.concepts,
        camera_motions=words.camera_motions or known.words.camera_motions,
    )
