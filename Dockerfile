# syntax=docker/dockerfile:1
# The image of `sallyport serve`: no sources, no compiler, no development packages, not root.
#
#   docker build -t sallyport .
#   docker run --read-only -p 8080:8080 -v ./config:/etc/sallyport/config:ro -v ./policies:/etc/sallyport/policies:ro \
#     -v sallyport:/var/lib/sallyport -e OPENAI_API_KEY sallyport
#
# The mounted config listens on 0.0.0.0 (`listen.proxy`, `listen.admin`) and keeps its keys in the volume:
# `store: sqlite:/var/lib/sallyport/sallyport.db`, and `listen.spool: /var/lib/sallyport` for the files of forms. Publish the admin port only where operators are.

FROM node:26-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build

FROM node:26-slim AS packages
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --omit=dev

FROM node:26-slim
ENV NODE_ENV=production
WORKDIR /opt/sallyport
COPY package.json LICENSE ./
COPY bin ./bin
COPY --from=packages /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
# Writable for the user below; a named volume takes the folder's owner over.
RUN mkdir -p /var/lib/sallyport && chown 1000:1000 /var/lib/sallyport
VOLUME /var/lib/sallyport
# By number, so that an orchestrator can see that it is not root.
USER 1000:1000
EXPOSE 8080 8081
# Exec form: the process is number 1 and gets SIGTERM and SIGHUP itself. stdout is the audit stream and nothing else.
ENTRYPOINT ["node", "bin/sallyport"]
CMD ["serve", "--config", "/etc/sallyport/config/sallyport.yaml"]
# The process lives; whether it can serve is `/readyz`, for the orchestrator's readiness probe.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8081/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
