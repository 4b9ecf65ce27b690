# SPDX-License-Identifier: ISC
# Where no image registry can be reached: Debian's package of a server under
# the name and with the paths of its official image. See scripts/docker-base.
FROM debian:bookworm-slim
ARG PROGRAM
ARG PACKAGE
ARG DATA
RUN apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
	--no-install-recommends $PACKAGE wget && \
    rm -rf /var/lib/apt/lists/* && \
    install -d -o 65534 -g 65534 $DATA && \
    ln -s "$(command -v $PROGRAM)" /bin/start
USER 65534:65534
VOLUME $DATA
WORKDIR $DATA
ENTRYPOINT ["/bin/start"]
