"""Camera concepts and camera motions that the video models know.

Workers fetch the lists from their providers from time to time; every process suggests and checks words with
them. Until a list has been fetched, the documented words are suggested and no word is refused, because a list
that is shipped with the bot gets out of date.
"""

from dataclasses import replace

from bot.domain.errors import ProviderError
from bot.domain.generations.concepts import (
    CAMERA_MOTIONS,
    CONCEPTS,
    Vocabularies,
    Vocabulary,
    fetched_concepts,
)
from bot.services import Services, log
from bot.settings import Role
from bot.store.operator.vocabulary import StoredVocabulary, save_vocabulary, vocabularies


def suggested_concepts(vocabularies: Vocabularies) -> tuple[str, ...]:
    return tuple(sorted(fetched_concepts(vocabularies))) or CONCEPTS


def suggested_motions(vocabularies: Vocabularies) -> tuple[str, ...]:
    fetched = {motion for words in vocabularies.values() for motion in words.camera_motions}
    return tuple(sorted(fetched)) or CAMERA_MOTIONS


async def run_vocabulary_refresh(services: Services) -> None:
    """Read the stored lists, and fetch those that are old again, until the process stops."""
    async for _ in services.ticks("vocabulary", services.times.vocabulary_retry):
        await services.guarded("vocabulary", lambda: refresh_vocabularies(services))


async def refresh_vocabularies(services: Services) -> None:
    stored = await vocabularies(services.database)
    # A gateway without keys names no provider: it uses what its workers have stored.
    for name in {*services.settings.providers, *stored}:
        words = stored.get(name)
        if services.settings.role is not Role.GATEWAY and (
            words is None or services.clock() - words.fetched_at >= services.times.vocabulary_interval
        ):
            words = await _fetch(services, name, words)
        if words is not None:
            services.vocabularies[name] = words.words


async def _fetch(services: Services, name: str, stored: StoredVocabulary | None) -> StoredVocabulary | None:
    """Ask the accounts of a provider in turn; returns what is stored if none answers."""
    for provider in services.providers_of(name):
        try:
            words = await provider.vocabulary()
        except ProviderError as error:
            log.info("vocabulary_not_fetched", account=provider.account, error=repr(error))
            continue
        words = _without_empty_list(words, stored)
        fetched = StoredVocabulary(provider=name, words=words, fetched_at=services.clock())
        await services.database.transact(save_vocabulary, fetched)
        return fetched
    return stored


def _without_empty_list(words: Vocabulary, stored: StoredVocabulary | None) -> Vocabulary:
    """Keep a stored list whose successor is empty: an API that lists nothing has not lost the words."""
    if stored is None:
        return words
    return replace(
        words,
        concepts=words.concepts or stored.words.concepts,
        camera_motions=words.camera_motions or stored.words.camera_motions,
    )
