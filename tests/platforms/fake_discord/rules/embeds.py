"""Limits on embeds, each and all of a message."""

from typing import Any

from tests.platforms.fake_discord.rules.refusals import FormErrors

Path = tuple[str | int, ...]

_EMBEDS = 10
_FIELDS = 25
#: characters of all embeds of one message
_TOTAL = 6000
_TITLE, _DESCRIPTION, _FOOTER, _AUTHOR, _FIELD_NAME, _FIELD_VALUE = 256, 4096, 2048, 256, 256, 1024
_ADDRESSES = ("http://", "https://", "attachment://")


def check_embeds(embeds: list[dict[str, Any]], errors: FormErrors) -> None:
    """Complain about everything that is too long or points nowhere."""
    errors.count(("embeds",), embeds, most=_EMBEDS)
    for index, embed in enumerate(embeds):
        _check(embed, errors, ("embeds", index))
    if sum(_size(embed) for embed in embeds) > _TOTAL:
        errors.add(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {_TOTAL}")


def _check(embed: dict[str, Any], errors: FormErrors, path: Path) -> None:
    errors.length((*path, "title"), embed.get("title") or "", most=_TITLE)
    errors.length((*path, "description"), embed.get("description") or "", most=_DESCRIPTION)
    errors.length((*path, "footer", "text"), _text(embed, "footer", "text"), most=_FOOTER)
    errors.length((*path, "author", "name"), _text(embed, "author", "name"), most=_AUTHOR)
    fields = embed.get("fields") or []
    errors.count((*path, "fields"), fields, most=_FIELDS)
    for index, field in enumerate(fields):
        at = (*path, "fields", index)
        errors.length((*at, "name"), _shown(field.get("name")), least=1, most=_FIELD_NAME)
        errors.length((*at, "value"), _shown(field.get("value")), least=1, most=_FIELD_VALUE)
    for slot in ("image", "thumbnail"):
        _check_address(_text(embed, slot, "url"), errors, (*path, slot, "url"))
    _check_address(embed.get("url") or "", errors, (*path, "url"))
    if not _size(embed) and not embed.get("image") and not embed.get("thumbnail"):
        errors.add((*path, "description"), "BASE_TYPE_REQUIRED", "This field is required")


def _check_address(url: str, errors: FormErrors, path: Path) -> None:
    if url and not url.startswith(_ADDRESSES):
        errors.add(path, "URL_TYPE_INVALID_SCHEME", f'Scheme "{url.partition(":")[0]}" is not supported.')


def _size(embed: dict[str, Any]) -> int:
    texts = [
        embed.get("title") or "",
        embed.get("description") or "",
        _text(embed, "footer", "text"),
        _text(embed, "author", "name"),
    ]
    texts += [_shown(field.get(key)) for field in embed.get("fields") or [] for key in ("name", "value")]
    return sum(len(text) for text in texts)


def _text(embed: dict[str, Any], part: str, key: str) -> str:
    return str((embed.get(part) or {}).get(key) or "")


def _shown(text: Any) -> str:
    return str(text or "").strip()
