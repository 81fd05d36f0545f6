package wxapi

import (
	"net/http"
	"net/url"
)

// proxyOf names the proxy by which a host is reached, as HOST:PORT without user and password; "" for none.
func proxyOf(proxy func(*http.Request) (*url.URL, error), host *url.URL) string {
	if proxy == nil {
		return ""
	}
	p, err := proxy(&http.Request{URL: host})
	if err != nil || p == nil { // an error is told by parseHost
		return ""
	}
	return p.Host
}

// Proxy names the proxy that the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY) says calls to a host take, as HOST:PORT
// without user and password; "" for none.
func Proxy(host string) string {
	u, err := url.Parse(host)
	if err != nil {
		return ""
	}
	return proxyOf(http.ProxyFromEnvironment, u)
}
