# The images of the server and of its operator, and of what tells people (deploy/notify): `make image`, or
#   docker build --target server --tag audiocast .
#   docker build --target operator --tag audiocast-operator .
# Whatever is downloaded is in a lock, with its hash. Both run as a user without a name, with nothing to write to.
# The listener's WebAssembly decoder is copied with the rest if `make decoder` has fetched it, as `make image` does.

# Any image with Python from 3.11 up, as python3, and pip.
ARG PYTHON_IMAGE=python:3.12-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /opt/audiocast

FROM build AS server-build
COPY requirements-server.lock /
RUN python3 -m pip install --require-hashes --no-deps --only-binary :all: --target . -r /requirements-server.lock
COPY audiocast audiocast
COPY deploy/image/audiocast bin/
# Nothing can be written later, and compiling at each start takes longer than starting.
RUN python3 -m compileall -q .

FROM ${PYTHON_IMAGE} AS run
ARG VERSION=0
ARG REVISION=
LABEL org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.vendor="audiocast contributors"
ENV PATH=/opt/audiocast/bin:$PATH PYTHONPATH=/opt/audiocast PYTHONDONTWRITEBYTECODE=1
USER 10001:10001

FROM run AS server
LABEL org.opencontainers.image.title="audiocast" \
      org.opencontainers.image.description="Live audio over HTTP, Ogg Opus all the way"
COPY --from=server-build /opt/audiocast /opt/audiocast
# Encoders and listeners; metrics, health and other members.
EXPOSE 8000 8001
CMD ["audiocast", "serve"]

FROM build AS operator-build
COPY requirements-operator.lock /
RUN python3 -m pip install --require-hashes --no-deps --only-binary :all: --target . -r /requirements-operator.lock
COPY k8s-operator/audiocast_operator audiocast_operator
RUN python3 -m compileall -q .

FROM run AS operator
LABEL org.opencontainers.image.title="audiocast-operator" \
      org.opencontainers.image.description="Rolls and scales audiocast without cutting listeners"
COPY --from=operator-build /opt/audiocast /opt/audiocast
CMD ["python3", "-m", "audiocast_operator"]

FROM build AS notify-build
COPY requirements-notify.lock /
RUN python3 -m pip install --require-hashes --no-deps --only-binary :all: --target . -r /requirements-notify.lock
COPY audiocast audiocast
COPY deploy/image/audiocast bin/
RUN python3 -m compileall -q .

FROM run AS notify
LABEL org.opencontainers.image.title="audiocast-notify" \
      org.opencontainers.image.description="Tells people what happens to streams of audiocast"
COPY --from=notify-build /opt/audiocast /opt/audiocast
# Webhooks.
EXPOSE 8010
CMD ["audiocast", "notify", "--host", "0.0.0.0"]
