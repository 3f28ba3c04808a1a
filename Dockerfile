# One small image with all programs: `synmon-server`, `synmon-worker` and `synmon`.
# It has no browser: it works with a Selenium Grid (SYNMON_WEBDRIVER_URL). docs/operations.md says
# how an image with a Chromium of its own is made from it.

FROM rust:1.94-bookworm AS build
WORKDIR /src
# The dependencies alone, around empty crates: this layer stays until one of them changes.
COPY Cargo.toml Cargo.lock ./
COPY synmon-core/Cargo.toml synmon-core/
COPY synmon-store/Cargo.toml synmon-store/
COPY synmon-drivers/Cargo.toml synmon-drivers/
COPY synmon-notify/Cargo.toml synmon-notify/
COPY synmon-server/Cargo.toml synmon-server/
COPY synmon-testkit/Cargo.toml synmon-testkit/
RUN for crate in synmon-*; do mkdir "$crate/src" && touch "$crate/src/lib.rs"; done \
 && mkdir synmon-server/src/bin \
 && for name in server worker; do echo 'fn main() {}' >"synmon-server/src/bin/synmon-$name.rs"; done \
 && echo 'fn main() {}' >synmon-server/src/bin/synmon.rs \
 && cargo build --release --locked -p synmon-server
COPY . .
# The files are older than what was made of the empty ones. Debugging information is most of what a
# release build weighs; the names of functions stay.
RUN find synmon-* -name '*.rs' -exec touch {} + \
 && cargo build --release --locked -p synmon-server \
 && strip --strip-debug target/release/synmon target/release/synmon-server target/release/synmon-worker

FROM debian:bookworm-slim
# tini is process 1: it passes signals on, and reaps what a plug-in may leave behind.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates tini \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && groupadd --system --gid 10001 synmon \
 && useradd --system --uid 10001 --gid synmon --home-dir /var/lib/synmon --shell /usr/sbin/nologin synmon \
 # A named volume that is mounted here is made with the owner that it finds.
 && install -d -o synmon -g synmon -m 0750 /var/lib/synmon /var/lib/synmon/artifacts
COPY --from=build /src/target/release/synmon /src/target/release/synmon-server /src/target/release/synmon-worker /usr/local/bin/
USER synmon
WORKDIR /var/lib/synmon
ENV SYNMON_DATA_DIR=/var/lib/synmon \
    SYNMON_LISTEN=0.0.0.0:8080 \
    SYNMON_LOG_FORMAT=json
EXPOSE 8080
STOPSIGNAL SIGTERM
# Whether it lives: an orchestrator restarts what is unhealthy, and a restart mends no database that
# is away. Where unhealthy is only shown, ask for /readyz instead, as docker-compose.yml does.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["synmon-server", "health"]
ENTRYPOINT ["tini", "--"]
CMD ["synmon-server"]
