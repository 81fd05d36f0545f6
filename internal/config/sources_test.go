package config_test

import (
	"fmt"
	"testing"
	"time"
)

func TestSourcesComeFromTheEnvironmentToo(t *testing.T) {
	t.Parallel()
	s := newFolder(t).good("sources: {directories: [lists], hosts: [a.example.com]}\n", "STORELINK_SOURCES_DIRECTORIES=/srv/a, /srv/b",
		"STORELINK_SOURCES_HOSTS=b.example.com:8443", "STORELINK_SOURCES_PRIVATE=127.0.0.1", "STORELINK_SOURCES_MAX_BYTES=2048",
		"STORELINK_SOURCES_TIMEOUT=5s").Sources
	if fmt.Sprint(s.Directories, s.Hosts, s.Private, s.MaxBytes) != "[/srv/a /srv/b] [b.example.com:8443] [127.0.0.1] 2048" ||
		s.Timeout != 5*time.Second {
		t.Errorf("got %+v", s)
	}
	if none := newFolder(t).good("").Sources; none.Any() {
		t.Errorf("got %+v", none)
	}
}

func TestASecretThatIsGivenForAHostIsNotShown(t *testing.T) {
	t.Parallel()
	_, err := newFolder(t).load("sources: {hosts: [\"https://${SECRET}/\"]}\n", "SECRET="+password)
	wants(t, err, 1, "sources.hosts", "${SECRET}")
}
