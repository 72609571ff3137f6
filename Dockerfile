# docker build -t digitnet .
# docker run --rm -p 8000:8000 -e DIGITNET_TOKEN=... -v digitnet:/data digitnet
#
# The server with its models, on a slim image, as a user who may write into /data alone.
FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN python -m venv /opt/digitnet \
    && /opt/digitnet/bin/pip install --no-cache-dir ".[web,metrics,pdf,heif]"

FROM python:3.13-slim
COPY --from=build /opt/digitnet /opt/digitnet
RUN groupadd --system --gid 10001 digitnet \
    && useradd --system --uid 10001 --gid digitnet --no-create-home digitnet \
    && install --directory --owner digitnet --group digitnet /data
ENV PATH=/opt/digitnet/bin:$PATH \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
# SIGTERM lets running requests be answered.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/live', timeout=4)"]
ENTRYPOINT ["digitnet"]
CMD ["serve", "--host", "0.0.0.0", "--folder", "/data", "--workers", "2", "--log"]
