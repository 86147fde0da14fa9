"""Where a bucket is, by the settings."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.settings import Settings, Switch

_DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Where a bucket is and who we are there."""

    name: str
    #: what all keys begin with, without slashes at its ends; may be empty
    prefix: str = ""
    #: base URL of a service that is not Amazon's
    endpoint: str | None = None
    region: str | None = None
    access_key_id: SecretStr | None = None
    secret_access_key: SecretStr | None = None
    session_token: SecretStr | None = None

    @property
    def origin(self) -> str:
        """The origin of the URLs of its objects."""
        if self.endpoint is not None:
            parts = urlsplit(self.endpoint)
            return f"{parts.scheme}://{parts.netloc}"
        host = f"s3.{self.region or _DEFAULT_REGION}.amazonaws.com"
        return f"https://{self.name}.{host}" if self.has_host else f"https://{host}"

    @property
    def has_host(self) -> bool:
        """Whether it has a host name of its own; no certificate is for one with further dots."""
        return self.endpoint is None and "." not in self.name

    def __str__(self) -> str:
        return f"s3://{self.name}/{self.prefix}" if self.prefix else f"s3://{self.name}"


def has_links(settings: Settings, bucket: Bucket) -> bool:
    """Whether people and providers read from the bucket, because they can reach it."""
    if settings.media_redirect is Switch.AUTO:
        return bucket.origin.startswith("https:")
    return settings.media_redirect is Switch.ON


def bucket_of(settings: Settings, url: str) -> Bucket:
    """The bucket of a URL like `s3://bucket/prefix`, with the credentials of the settings."""
    name, _, prefix = url.removeprefix("s3://").partition("/")
    return Bucket(
        name=name,
        prefix=prefix.strip("/"),
        endpoint=settings.aws_endpoint_url,
        region=settings.aws_region,
        access_key_id=settings.aws_access_key_id,
        secret_access_key=settings.aws_secret_access_key,
        session_token=settings.aws_session_token,
    )
