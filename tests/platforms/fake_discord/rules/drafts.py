"""Validates a message before it is created or edited."""

from dataclasses import dataclass, field
from typing import Any

from tests.platforms.fake_discord.rules.components import check_components
from tests.platforms.fake_discord.rules.embeds import check_embeds
from tests.platforms.fake_discord.rules.permissions import Permissions
from tests.platforms.fake_discord.rules.refusals import FormErrors, Refusal
from tests.platforms.fake_discord.state.messages import MessageFlags

_CONTENT = 2000
_FILES = 10
_NONCE = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    filename: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    body: dict[str, Any]
    #: by the index in the field's name
    uploads: dict[int, Upload] = field(default_factory=dict)

    @property
    def flags(self) -> MessageFlags:
        return MessageFlags(self.body.get("flags") or 0)

    @property
    def is_empty(self) -> bool:
        shown = ("content", "embeds", "components", "sticker_ids", "poll")
        return not self.uploads and not any(self.body.get(key) for key in shown)

    @property
    def needs(self) -> Permissions:
        """What a sender must be allowed besides sending."""
        needed = Permissions.EMBED_LINKS if self.body.get("embeds") else Permissions.NONE
        return needed | Permissions.ATTACH_FILES if self.uploads else needed

    def check(self, *, file_limit: int, new_layout: bool = False) -> None:
        """Refuse what the service would: too large before too long before badly put."""
        if any(len(upload.content) > file_limit for upload in self.uploads.values()):
            raise Refusal(40005)
        errors = FormErrors()
        new_layout = new_layout or MessageFlags.COMPONENTS_V2 in self.flags
        errors.length(("content",), self.body.get("content") or "", most=_CONTENT)
        check_embeds(self.body.get("embeds") or [], errors)
        check_components(self.body.get("components") or [], errors, new_layout=new_layout)
        if new_layout:
            for legacy in ("content", "embeds", "poll", "sticker_ids"):
                if self.body.get(legacy):
                    errors.add(
                        (legacy,),
                        "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                        f"The '{legacy}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
                    )
        self._check_files(errors)
        errors.length(("nonce",), str(self.body.get("nonce") or ""), most=_NONCE)
        errors.settle()

    def _check_files(self, errors: FormErrors) -> None:
        listed = self.body.get("attachments")
        if listed is None:
            errors.count(("files",), list(self.uploads), most=_FILES)
            return
        errors.count(("attachments",), listed, most=_FILES)
        for index, entry in enumerate(listed):
            errors.length(("attachments", index, "description"), entry.get("description") or "", most=1024)
        missing = set(self.uploads) - {int(entry["id"]) for entry in listed}
        for index in sorted(missing):
            errors.add(
                ("attachments",), "ATTACHMENT_NOT_FOUND", f"Attachment data for files[{index}] is missing"
            )
