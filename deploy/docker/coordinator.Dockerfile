# syntax=docker/dockerfile:1
# The coordinator and the command line, built from the sources beside it. From the root of the repository:
#   docker build -f deploy/docker/coordinator.Dockerfile -t ozone-coordinator:0.1.0 .
FROM node:20-bookworm-slim AS build
WORKDIR /src
COPY . .
# No package's own script is run: the bundler needs none.
RUN npm ci --ignore-scripts --no-audit --no-fund \
  && node scripts/bundle-coordinator.mjs --out /out/ozone-coordinator.mjs \
  && npm run build --workspace @ozone/cli \
  && install -d /out/cli \
  && cp -r packages/cli/bin packages/cli/dist packages/cli/package.json /out/cli/

FROM node:20-bookworm-slim
COPY --from=build /out/ /opt/ozone/
RUN ln -s /opt/ozone/cli/bin/ozone.js /usr/local/bin/ozone \
  && install -d -o node -g node -m 0700 /var/lib/ozone
ENV OZONE_DATA_DIR=/var/lib/ozone \
  OZONE_GRPC_ADDRESS=0.0.0.0:7464 \
  OZONE_HTTP_ADDRESS=0.0.0.0:7465
USER node
EXPOSE 7464 7465
VOLUME ["/var/lib/ozone"]
HEALTHCHECK --start-period=30s --interval=15s --timeout=5s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:7465/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/opt/ozone/ozone-coordinator.mjs"]
