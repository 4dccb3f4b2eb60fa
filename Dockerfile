# One image for API, worker and migration: docker-compose.yml says which command runs where.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY temporal ./temporal
COPY workflows ./workflows
COPY activities ./activities
COPY src ./src
RUN node temporal/bundle.ts

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Without what only development uses: a PostgreSQL, a Node, a Chromium, compilers, types, other systems' binaries.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
  && find node_modules -type f \( -name "*.map" -o -name "*.d.ts" -o -name "*.d.mts" -o -name "*.d.cts" \) -delete \
  && rm -rf node_modules/@sparticuz node_modules/@temporalio/core-bridge/releases/*-apple-* \
    node_modules/@temporalio/core-bridge/releases/*-windows-*

FROM node:24.21.0-bookworm-slim
# Chromium with fonts for the scripts that sites are written in; tini ends what Chromium leaves behind.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install -y --no-install-recommends chromium-headless-shell chromium-sandbox fonts-liberation \
    fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji tini \
  && rm -rf /var/lib/apt/lists/* \
  && groupadd --gid 10001 agos \
  && useradd --uid 10001 --gid agos --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin agos \
  && install -d -o agos -g agos /run/agos /tmp/agos-machine-lock
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY migrations ./migrations
COPY examples ./examples
COPY activities ./activities
COPY workflows ./workflows
COPY temporal ./temporal
COPY src ./src
COPY --from=build /app/dist ./dist
ENV NODE_ENV=production CHROMIUM_PATH=/usr/lib/chromium/chromium-headless-shell
USER 10001:10001
EXPOSE 8080 8081
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["node", "src/api/probe.ts"]
ENTRYPOINT ["tini", "--"]
CMD ["node", "src/api/main.ts"]
