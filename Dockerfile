# ---- manifests: all packages without their sources, so that only a change of dependencies invalidates the next layer ----
FROM rust:1.95.0-slim-bookworm AS manifests
WORKDIR /build

COPY Cargo.toml Cargo.lock ./
COPY crates crates
RUN find crates -type f ! -name Cargo.toml -delete \
    && find crates -type d -empty -delete \
    && for package in . crates/*; do mkdir -p "$package/src" && touch "$package/src/lib.rs"; done \
    && echo 'fn main() {}' > src/main.rs

# ---- build: the release binary, with dependencies in their own layer ----
FROM rust:1.95.0-slim-bookworm AS build
WORKDIR /build

# rust-toolchain.toml is left out: rustup would fetch components that a build does not need.
COPY --from=manifests /build ./
RUN cargo build --release --locked

# Cargo compares mtimes, and the sources may be older than the empty ones.
COPY crates crates
COPY src src
RUN touch src/main.rs src/lib.rs crates/*/src/lib.rs \
    && cargo build --release --locked

# ---- run: Debian's Chromium, common fonts, the binary ----
FROM debian:bookworm-slim

# Unpinned: Debian keeps only the newest Chromium, and an older one would be insecure.
# Headless runs use the headless shell; Chromium and Xvfb are for runs with `headless: false`; tini reaps orphaned browser processes.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates \
        chromium \
        chromium-headless-shell \
        fonts-liberation \
        fonts-noto-color-emoji \
        fonts-noto-core \
        fonts-wqy-zenhei \
        tini \
        xvfb \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin browser

COPY --from=build /build/target/release/browser-use-service /usr/local/bin/

# The service writes only to /tmp, so the root can be read-only and /tmp a tmpfs. On 0.0.0.0 it requires a key.
ENV HOME=/tmp HOST=0.0.0.0 PORT=9010
USER 10001:10001
WORKDIR /tmp
EXPOSE 9010
STOPSIGNAL SIGTERM

HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["browser-use-service", "health"]

# -s: reap even if not process 1, as with `docker run --init`.
ENTRYPOINT ["/usr/bin/tini", "-s", "--", "browser-use-service"]
