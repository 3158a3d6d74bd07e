# syntax=docker/dockerfile:1
# The agent, built from the sources beside it. From the root of the repository:
#   docker build -f deploy/docker/agent.Dockerfile -t ozone-agent:0.1.0 .
# It sees of Ollama what its container lets it see: share the network and the processes of Ollama's (docs/deploying.md).
FROM node:20-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN npm ci --ignore-scripts --no-audit --no-fund \
  && node scripts/bundle-agent.mjs --out /out/ozone-agent.mjs

FROM node:20-bookworm-slim
COPY --from=build /out/ /opt/ozone/
RUN install -d -o node -g node -m 0700 /var/lib/ozone
ENV OZONE_DATA_DIR=/var/lib/ozone
USER node
VOLUME ["/var/lib/ozone"]
ENTRYPOINT ["node", "/opt/ozone/ozone-agent.mjs"]
CMD ["start"]
