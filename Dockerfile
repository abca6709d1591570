# kprf in a container: built with the development dependencies, run with the production ones only.
FROM node:26-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/embedded-broker/package.json packages/embedded-broker/
# The image has Node 26 already; the `node` package would install it again.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY packages ./packages
COPY src ./src
RUN node node_modules/typescript/bin/tsc -p packages/embedded-broker/tsconfig.build.json \
  && node node_modules/typescript/bin/tsc -p tsconfig.build.json \
  && npm run build:page --silent

FROM node:26-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/embedded-broker/package.json packages/embedded-broker/
RUN npm ci --omit=dev --ignore-scripts

FROM node:26-slim
ARG COMMIT_HASH=unknown
ENV NODE_ENV=production COMMIT_HASH=$COMMIT_HASH
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/packages/embedded-broker/dist ./packages/embedded-broker/dist
COPY packages/embedded-broker/package.json packages/embedded-broker/
COPY package.json ./
USER node
EXPOSE 4242 8088
# It reads KPRF_CONFIG and the other variables, but not the flags that kprf was started with.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["node", "dist/main.js", "health"]
# node is process 1 and gets the signals itself: SIGTERM drains. SIGUSR1 must not open the inspector.
ENTRYPOINT ["node", "--disable-sigusr1", "--enable-source-maps", "dist/main.js"]
