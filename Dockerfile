# storelink's image: worker, enqueue and sandbox, and nothing else. It has no shell, runs as nobody in particular, and
# writes nowhere.
#
#     docker build -t storelink .
#     docker run --rm storelink enqueue --help
#
# Where the Go module proxy cannot be reached: docker build --build-arg GOPROXY=… .

FROM golang:1.26-bookworm AS build
ARG GOPROXY
WORKDIR /src

# The modules change less often than the code, and are a layer of their own.
COPY go.mod go.sum ./
RUN go mod download

COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/bin/ ./cmd/worker ./cmd/enqueue ./cmd/sandbox

# The licences of all that is linked into them, and our own.
RUN mkdir -p /out/licenses/go && cp LICENSE NOTICE /out/licenses/ && cp "$(go env GOROOT)/LICENSE" /out/licenses/go/ && \
    go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}' ./cmd/... | sort -u | \
    while read -r path dir; do \
        mkdir -p "/out/licenses/$path" && \
        find "$dir" -maxdepth 1 -type f \( -iname 'licen[cs]e*' -o -iname 'notice*' -o -iname 'copying*' \) \
            -exec cp {} "/out/licenses/$path/" \; || exit 1; \
    done


FROM scratch
# To check who WeChat Pay, and a Redis over TLS, are.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/licenses /licenses
COPY --from=build /out/bin /usr/local/bin
ENV PATH=/usr/local/bin
USER 65532:65532
CMD ["worker"]
