# The image of a release: the static binary on a base that has git, which `--since` asks. `scripts/image.sh` lays the
# binaries of the release into image/<architecture>/ and builds it for each.
FROM alpine/git:2.54.0@sha256:697cb1c85aefc5724febaec2202a974e0d66f6abb6be91a9a86d0c8757af692a
ARG TARGETARCH
COPY image/${TARGETARCH}/secure-lint /usr/local/bin/secure-lint
# Nobody: a run as the owner of the mounted folder is `--user "$(id -u):$(id -g)"`, which git asks for.
USER 65534:65534
WORKDIR /src
ENTRYPOINT ["/usr/local/bin/secure-lint"]
CMD ["check"]
