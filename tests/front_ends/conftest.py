from tests.platforms.conftest import discord_certificates, fake

__all__ = ["discord_certificates", "fake"]
