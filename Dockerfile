# The images: `docker build --target simulation|trainer|job .` (docs/containers.md).
#
# simulation  Ubuntu 22.04, ROS 2 Humble, gazebo_ros, cv_bridge and the workspace: one simulation
# trainer     TensorFlow and Redis, no ROS: a SageMaker training container
# job         both, for a training and its simulations in one SageMaker training job
#
# What is done beyond apt-get and COPY is in docker/ and setup/, where the tests run it too.

ARG PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b
ARG ROS_IMAGE=ros:humble-ros-base-jammy@sha256:1813d3c85d7f96ff7d3012d865204583255740182db5d0065f8f8cd029a83138

# ---- trainer -------------------------------------------------------------------------------------

FROM ${PYTHON_IMAGE} AS trainer-python
ARG TENSORFLOW_EXTRA=""
WORKDIR /opt/deepracer
COPY setup setup
COPY docker/install_trainer.sh docker/
COPY requirements.txt constraints.txt ./
RUN docker/install_trainer.sh . /opt/deepracer/python "${TENSORFLOW_EXTRA}"

FROM ${PYTHON_IMAGE} AS trainer
# The moment of which Debian's packages are; empty: of today.
ARG APT_SNAPSHOT=20261115T000000Z
COPY docker/apt_snapshot.sh /opt/deepracer/docker/
# hadolint ignore=DL3008
RUN if [ -n "${APT_SNAPSHOT}" ]; then /opt/deepracer/docker/apt_snapshot.sh "${APT_SNAPSHOT}"; fi \
    && apt-get update \
    && apt-get install --yes --no-install-recommends redis-server \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 --shell /usr/sbin/nologin deepracer
COPY --from=trainer-python /opt/deepracer/python /opt/deepracer/python
WORKDIR /opt/deepracer
COPY docker docker
COPY src/deepracer_core src/deepracer_core
COPY src/deepracer_trainer src/deepracer_trainer
RUN docker/install_packages.sh . /opt/deepracer/python deepracer_core deepracer_trainer
ENV HEARTBEAT_FILE=/tmp/heartbeat \
    PYTHONUNBUFFERED=1
EXPOSE 6379
HEALTHCHECK --interval=30s --timeout=5s --start-period=5m --retries=4 \
    CMD ["/opt/deepracer/docker/health.sh"]
# It begins as root, for SageMaker, whose folders are root's, and goes on as the user deepracer.
ENTRYPOINT ["/opt/deepracer/docker/trainer.sh"]
CMD ["train"]

# ---- simulation ----------------------------------------------------------------------------------

FROM ${ROS_IMAGE} AS simulation-base
ARG APT_SNAPSHOT=20261115T000000Z
COPY docker/apt_snapshot.sh /opt/deepracer/docker/
# hadolint ignore=DL3008
RUN if [ -n "${APT_SNAPSHOT}" ]; then /opt/deepracer/docker/apt_snapshot.sh "${APT_SNAPSHOT}"; fi \
    && apt-get update \
    && apt-get install --yes --no-install-recommends \
        gazebo \
        gazebo-plugin-base \
        libgl1-mesa-dri \
        python3-venv \
        ros-humble-cv-bridge=3.2.* \
        ros-humble-gazebo-ros=3.9.* \
        xauth \
        xvfb \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 --shell /usr/sbin/nologin deepracer
WORKDIR /opt/deepracer

FROM simulation-base AS simulation-build
# With it compiled files are checked by hashes of their sources, not by dates.
ARG SOURCE_DATE_EPOCH=315532800
COPY setup setup
COPY stand_ins stand_ins
COPY requirements.txt constraints.txt constraints-numpy1.txt colcon.meta ./
# Set-up finds ROS 2 and Gazebo, and installs what a build takes besides.
RUN apt-get update \
    && python3 -m setup --only gazebo --only python --without trainer --without "tests and tools" \
    && rm -rf /var/lib/apt/lists/*
COPY config config
COPY launch launch
COPY models models
COPY worlds worlds
COPY src src
RUN python3 -m setup --only plugin --only workspace \
    && .venv/bin/python -m compileall -q src

FROM simulation-base AS simulation
COPY --from=simulation-build /opt/deepracer/.venv .venv
COPY setup setup
COPY stand_ins stand_ins
COPY requirements.txt constraints.txt constraints-numpy1.txt colcon.meta ./
COPY config config
COPY launch launch
COPY models models
COPY worlds worlds
COPY --from=simulation-build /opt/deepracer/.setup .setup
COPY --from=simulation-build /opt/deepracer/build build
COPY --from=simulation-build /opt/deepracer/install install
COPY --from=simulation-build /opt/deepracer/src src
COPY docker docker
ENV PYTHONUNBUFFERED=1
USER 10001
HEALTHCHECK --interval=30s --timeout=10s --start-period=2m --retries=3 \
    CMD ["/opt/deepracer/docker/health.sh"]
ENTRYPOINT ["/opt/deepracer/docker/simulation.sh"]

# ---- job -----------------------------------------------------------------------------------------

FROM simulation AS job
ARG SOURCE_DATE_EPOCH=315532800
# hadolint ignore=DL3002
USER 0
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends redis-server \
    && PIP_NO_CACHE_DIR=1 python3 -m setup --only python --without "tests and tools" \
    && rm -rf /var/lib/apt/lists/*
ENV HEARTBEAT_FILE=/tmp/heartbeat
HEALTHCHECK --interval=30s --timeout=5s --start-period=5m --retries=4 \
    CMD ["/opt/deepracer/docker/health.sh"]
ENTRYPOINT ["/opt/deepracer/docker/job.sh"]
CMD ["train"]
