# One image for the web app, the cloud worker and nodes; docker-compose.yml says which of them a container is.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    ISTHMUS_VAR=/var/lib/isthmus ISTHMUS_DATA=/data HF_HOME=/models

# pip reads an argument of this name by itself. With the address of PyTorch's CPU wheels the image is several GB smaller
# on x86-64, where the ordinary torch brings CUDA along.
ARG PIP_EXTRA_INDEX_URL
# Anything but empty: with the packages that export traces (docs/tracing.md).
ARG TRACES

# Folders that become volumes belong to the account before the volume is made, or it could not write there.
RUN useradd --uid 10001 --user-group --create-home isthmus \
    && install -d -o isthmus -g isthmus -m 700 "$ISTHMUS_VAR" "$ISTHMUS_VAR/static" "$ISTHMUS_DATA" "$HF_HOME" /node

WORKDIR /app
COPY requirements.txt requirements-traces.txt ./
RUN pip install -r requirements.txt ${TRACES:+-r requirements-traces.txt}
COPY . .
# Nodes find their capabilities by the entry points of the agent's package. A checkout that only its owner can read must not
# become an image that its account cannot read. Compiled here: that account may not, and each process would do it anew.
RUN pip install --no-deps --no-build-isolation -e devices/agent && python -m compileall -q devices federation inference webapp \
    && find . ! -perm -a=r -exec chmod a+rX {} +

USER isthmus
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["python", "-m", "uvicorn", "webapp.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--no-access-log", \
     "--log-level", "warning", "--lifespan", "off", "--ws-max-size", "65536", \
     "--ws-per-message-deflate", "false", "--timeout-graceful-shutdown", "2", \
     "--http", "webapp.gate.connections:BoundedHttp", "--ws", "webapp.gate.connections:BoundedWebSocket", \
     "--no-proxy-headers"]
