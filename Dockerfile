# The portal: gunicorn without root, on a file system that nobody can write to.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS packages
RUN python -m venv /opt/portal
COPY requirements.lock /tmp/
RUN /opt/portal/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
      --require-hashes --only-binary :all: -r /tmp/requirements.lock

FROM ${PYTHON_IMAGE}
# For `manage.py backup` and `restore`: pg_dump and pg_restore of the release that PostgreSQL has, or a
# newer one.
RUN command -v pg_dump > /dev/null \
 || { apt-get update && apt-get install --yes --no-install-recommends postgresql-client \
      && rm -rf /var/lib/apt/lists/*; }
# A number, so that whoever runs the image can see that it is not root.
RUN groupadd --system --gid 10001 portal \
 && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent portal \
 && install --directory --owner portal --group portal --mode 0700 \
      /var/lib/portal /var/lib/revocations \
 && install --directory --owner portal --group portal --mode 0755 /etc/registry
COPY --from=packages /opt/portal /opt/portal
WORKDIR /srv/portal
COPY manage.py ./
COPY portal portal
COPY tokens tokens
COPY templates templates
COPY locale locale
COPY static static
COPY deploy/prepare deploy/prepare
ENV PATH=/opt/portal/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    BIND=0.0.0.0:8000 \
    VAR_DIR=/var/lib/portal \
    STATIC_ROOT=/srv/portal/collected
RUN python -m compileall -q portal tokens \
 && SECRET_KEY=only-to-collect VAR_DIR=/tmp python manage.py collectstatic --no-input
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/livez', timeout=4)"]
# In this form SIGTERM reaches gunicorn, which then finishes what it has begun.
CMD ["python", "-m", "gunicorn", "--config", "python:portal.gunicorn"]
