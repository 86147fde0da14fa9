"""What is asked of a provider: models, media, requests, and what each provider offers."""
