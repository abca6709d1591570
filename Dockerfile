# kprf in a container: compiled with the development dependencies, run with the production ones only.
# docs/CONTAINERS.md says how to run it.
FROM node:26-slim AS packages
WORKDIR /opt/kprf
COPY package.json package-lock.json .npmrc ./
COPY packages/embedded-broker/package.json packages/embedded-broker/

FROM packages AS build
# The image has Node 26 already; the `node` package would install it again.
RUN npm ci --ignore-scripts
COPY tsconfig.json rolldown.config.ts ./
COPY packages ./packages
COPY src ./src
RUN node node_modules/typescript/bin/tsc -p packages/embedded-broker/tsconfig.build.json \
  && node node_modules/rolldown/bin/cli.mjs -c rolldown.config.ts \
  && npm run build:page --silent \
  && chmod 755 dist/main.js

FROM packages AS dependencies
# `npm sbom --omit=dev` also leaves out what kprf shares with the development dependencies: so it must not know of them.
RUN npm ci --omit=dev --ignore-scripts \
  && npm pkg delete devDependencies \
  && npm sbom --sbom-format=cyclonedx --sbom-type=application >sbom.cdx.json

FROM node:26-slim
# kprf needs no package manager, and what is not there needs no update. The folder is for the write-ahead log: a new
# volume that is mounted there belongs to the user of kprf.
RUN rm -rf /usr/local/lib/node_modules /opt/yarn* \
    /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg \
  && ln -s /opt/kprf/dist/main.js /usr/local/bin/kprf \
  && install -d -o 1000 -g 1000 -m 700 /var/lib/kprf
WORKDIR /opt/kprf
# What changes least comes first, so that a new version of kprf shares the layers below.
COPY --from=dependencies /opt/kprf/node_modules ./node_modules
COPY --from=dependencies /opt/kprf/sbom.cdx.json ./
COPY package.json ./
COPY packages/embedded-broker/package.json packages/embedded-broker/
COPY --from=build /opt/kprf/packages/embedded-broker/dist ./packages/embedded-broker/dist
COPY --from=build /opt/kprf/dist ./dist
# The user `node`, as a number: Kubernetes cannot tell from a name that it is not root.
USER 1000:1000
EXPOSE 4242 8088
# It reads KPRF_CONFIG and the other variables, but not the flags that kprf was started with.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["kprf", "health"]
STOPSIGNAL SIGTERM
# node is process 1 and gets the signals itself: SIGTERM drains. SIGUSR1 must not open the inspector.
ENTRYPOINT ["node", "--disable-sigusr1", "--enable-source-maps", "/opt/kprf/dist/main.js"]
LABEL org.opencontainers.image.title="kprf" \
  org.opencontainers.image.description="HTTP to Kafka producer proxy in pure TypeScript" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="0.1.0" \
  org.opencontainers.image.base.name="docker.io/library/node:26-slim"
ARG COMMIT_HASH=unknown
ENV NODE_ENV=production COMMIT_HASH=$COMMIT_HASH
LABEL org.opencontainers.image.revision=$COMMIT_HASH
