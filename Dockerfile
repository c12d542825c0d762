# The HTTP service on a CPU. Build: docker build -t deeplog .   Run: see compose.yaml and docs/serving.md.
FROM node:20-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# No install script is needed; onnxruntime-node's would download CUDA libraries.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY run run
COPY deeplog deeplog
RUN npm run build && npm run vendor
# What runs: no tools, no GPU library, no binaries for other systems, no source maps.
RUN npm prune --omit=dev --ignore-scripts \
 && rm -rf node_modules/webgpu node_modules/onnxruntime-node/bin/napi-v6/darwin node_modules/onnxruntime-node/bin/napi-v6/win32 \
 && find node_modules -name '*.map' -delete

FROM node:20-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json drain3.ini LICENSE README.md scripts/healthcheck.mjs ./
COPY --from=build /src/node_modules node_modules
COPY --from=build /src/dist dist
# The image's user node, by number, so that an orchestrator can see that it is not root.
USER 1000:1000
EXPOSE 8080
# A model folder, as a training stage writes it; read only will do.
VOLUME /model
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["node", "healthcheck.mjs", "8080"]
ENTRYPOINT ["node", "dist/run/deeplog.js"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080", "--model", "default=/model"]
