# storelink's image: worker, enqueue and sandbox, and nothing else. It has no shell, runs as nobody in particular, and
# writes nowhere but /tmp (large spreadsheets), which a container with a read-only root needs as a tmpfs.
#
#     docker build -t storelink --build-arg VERSION=1.2.3 --build-arg COMMIT=$(git rev-parse HEAD) .
#     docker run --rm storelink enqueue --help
#
# It may be built without them, and without the commit's DATE; then --version knows less.
#
# Where the Go module proxy cannot be reached: docker build --build-arg GOPROXY=… .

FROM golang:1.26-bookworm AS build
ARG GOPROXY
WORKDIR /src

# The modules change less often than the code, and are a layer of their own.
COPY go.mod go.sum ./
RUN go mod download

COPY . .
ARG VERSION
ARG COMMIT
ARG DATE
RUN CGO_ENABLED=0 go build -trimpath -o /out/bin/ -ldflags="-s -w \
        -X github.com/storelink/storelink/internal/version.version=$VERSION \
        -X github.com/storelink/storelink/internal/version.commit=$COMMIT \
        -X github.com/storelink/storelink/internal/version.date=$DATE" \
    ./cmd/worker ./cmd/enqueue ./cmd/sandbox

# The licences of all that is linked into them, and our own.
RUN mkdir -p /out/licenses/go && cp LICENSE NOTICE /out/licenses/ && cp "$(go env GOROOT)/LICENSE" /out/licenses/go/ && \
    go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}' ./cmd/... | sort -u | \
    while read -r path dir; do \
        mkdir -p "/out/licenses/$path" && \
        find "$dir" -maxdepth 1 -type f \( -iname 'licen[cs]e*' -o -iname 'notice*' -o -iname 'copying*' \) \
            -exec cp {} "/out/licenses/$path/" \; || exit 1; \
    done

RUN mkdir -p /out/root/tmp && chmod 1777 /out/root/tmp

FROM scratch
COPY --from=build /out/root /
# To check who WeChat Pay, and a Redis over TLS, are.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/licenses /licenses
COPY --from=build /out/bin /usr/local/bin
ENV PATH=/usr/local/bin
USER 65532:65532

# It asks the worker that runs in this container, by the same environment. Compose, Kubernetes and one-off commands have
# their own words for it, or none.
HEALTHCHECK --interval=15s --timeout=6s --start-period=15s --retries=3 CMD ["worker", "--healthcheck"]
CMD ["worker"]
