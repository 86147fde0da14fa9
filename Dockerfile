FROM python:3.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# The locks change less often than the code: while they stand, these layers are kept.
COPY requirements.lock requirements-build.lock ./
RUN python -m venv --without-pip /venv \
    && python -m pip --python /venv install --requirement requirements.lock \
    && python -m pip install --requirement requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY adapters adapters
COPY simulator simulator
RUN python -m hatchling build -t wheel -d /dist \
    && python -m pip --python /venv install --no-index --no-deps /dist/*.whl

FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="Reverie" \
      org.opencontainers.image.description="A chat bot that turns slash commands into Luma Dream Machine pictures, and never loses one." \
      org.opencontainers.image.licenses="MIT"
# The id is fixed so that a folder of the host can be given to it: chown 10001 /srv/reverie
RUN groupadd --gid 10001 reverie \
    && useradd --uid 10001 --gid reverie --home-dir /data --no-create-home --no-log-init --shell /usr/sbin/nologin reverie \
    && install --directory --owner reverie --group reverie --mode 0700 /data
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    REVERIE_DATA_DIR=/data \
    REVERIE_HTTP_HOST=0.0.0.0 \
    REVERIE_LOG_FORMAT=json
USER 10001:10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
# http.client, unlike urllib, never takes a proxy from the environment on its way to itself.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; ask = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('REVERIE_HTTP_PORT', '8080')), timeout=4); ask.request('GET', '/healthz'); sys.exit(ask.getresponse().status != 200)"]
ENTRYPOINT ["reverie"]
CMD ["run"]
