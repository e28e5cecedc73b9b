# Tasuke in a container: one binary, an ordinary user, nothing written outside /data and /tmp.
#
#   docker build -t tasuke .
#   docker run --rm --read-only --tmpfs /tmp -v tasuke:/data -p 127.0.0.1:8080:8080 tasuke
ARG BUILD_IMAGE=rust:1-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${BUILD_IMAGE} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends cmake libpq-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build

# The dependencies alone, over an empty program: a layer that lasts until Cargo.lock changes.
COPY Cargo.toml Cargo.lock ./
RUN mkdir src && echo 'fn main() {}' > src/main.rs && touch src/lib.rs \
 && cargo build --release --locked \
 && rm -r src

# cargo goes by modification times: the real sources have to be younger than the empty ones.
COPY . .
RUN touch src/main.rs src/lib.rs && cargo build --release --locked

FROM ${RUNTIME_IMAGE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates curl libpq5 tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 tasuke \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tasuke \
 && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=build /build/target/release/tasuke /usr/local/bin/tasuke
# `tasuke demo` reads its examples from the working folder.
COPY examples /usr/share/tasuke/examples
COPY LICENSE-APACHE LICENSE-MIT /usr/share/doc/tasuke/
WORKDIR /usr/share/tasuke

ENV TASUKE_LISTEN=0.0.0.0:8080 \
    TASUKE_DATA_DIR=/data
USER 10001:10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/bin/sh", "-c", "exec curl -fsS -o /dev/null --max-time 4 \"http://127.0.0.1:${TASUKE_LISTEN##*:}/livez\""]
ENTRYPOINT ["tasuke"]
CMD ["serve"]

ARG VERSION=
ARG REVISION=
LABEL org.opencontainers.image.title="Tasuke" \
      org.opencontainers.image.description="REST API for security providers of small companies in Japan: guideline controls, assessments, contact routing" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
