# ---- build: the release binary, its dependencies in a layer of their own ----
FROM rust:1.95.0-slim-bookworm AS build
WORKDIR /build

# The image brings the toolchain; rust-toolchain.toml stays out, as it would have rustup fetch more than a build needs.
# An empty program first: this layer is made again only when the dependencies change.
COPY Cargo.toml Cargo.lock ./
RUN mkdir src \
    && echo 'fn main() {}' > src/main.rs \
    && touch src/lib.rs \
    && cargo build --release --locked \
    && rm -r src

# Cargo compares times, and the sources may be older than the empty program.
COPY src src
RUN touch src/main.rs src/lib.rs \
    && cargo build --release --locked

# ---- run: Debian's Chromium, the fonts a page is likely to ask for, the binary ----
FROM debian:bookworm-slim

# No versions: Debian keeps only the newest Chromium, and an older one must not be installed anyway.
# Xvfb serves runs that ask for `headless: false`; tini reaps what a browser leaves when it dies.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates \
        chromium \
        fonts-liberation \
        fonts-noto-color-emoji \
        fonts-noto-core \
        fonts-wqy-zenhei \
        tini \
        xvfb \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin browser

COPY --from=build /build/target/release/browser-use-service /usr/local/bin/

# All that is written goes to /tmp, so that the root may be read-only and /tmp a tmpfs. 0.0.0.0 as nobody reaches a
# container's loopback; the service refuses to start there without a key.
ENV HOME=/tmp HOST=0.0.0.0 PORT=9010
USER 10001:10001
WORKDIR /tmp
EXPOSE 9010
STOPSIGNAL SIGTERM

HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["browser-use-service", "health"]

# -s: also reap when something else is process 1, as with `docker run --init`.
ENTRYPOINT ["/usr/bin/tini", "-s", "--", "browser-use-service"]
