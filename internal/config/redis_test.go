package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/redistest"
)

func TestRedisCertificatesComeFromTheFileTheEnvironmentAndTheCommandLine(t *testing.T) {
	t.Parallel()
	_, files := redistest.RealTLS(t)
	ca, err := os.ReadFile(files.CA)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "storelink.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("redis: rediss://h\nredis_certificate: " + files.Certificate + "\nredis_key: " + files.Key + "\nredis_ca: " + files.CA + "\n")
	for name, load := range map[string]func(string, []string) (*config.Config, error){"with keys": config.Load, "without": config.LoadWithoutKeys} {
		c, err := load(file, nil)
		if err != nil || c.RedisTLS.Wrong != nil {
			t.Fatalf("%s: %v, %v", name, err, c.RedisTLS.Wrong)
		}
		if r := c.RedisTLS; !strings.Contains(r.Certificate, "CERTIFICATE") || !strings.Contains(r.Key.Reveal(), "PRIVATE KEY") || r.CA != string(ca) {
			t.Errorf("%s: %+v", name, r)
		}
	}
	c, err := config.Load("", config.WithRedisFiles([]string{"STORELINK_REDIS_CA=" + string(ca), "STORELINK_REDIS_KEY=/nowhere"}, files.Certificate, files.Key, ""))
	if err != nil || c.RedisTLS.CA != strings.TrimSpace(string(ca)) || c.RedisTLS.Key.Empty() {
		t.Errorf("got %v", err)
	}
	write("redis: rediss://h\nredis_certificate: " + files.Certificate + "\n")
	if _, err := config.Load(file, nil); err == nil || !strings.Contains(err.Error(), "redis_certificate needs redis_certificate and redis_key both") {
		t.Errorf("without its key: %v", err)
	}
	write("redis: redis://h\nredis_certificate: nowhere.pem\nredis_key: nowhere.key\n")
	if _, err := config.Load(file, nil); err == nil || !strings.Contains(err.Error(), "storelink.yaml:2:") {
		t.Errorf("a file that is not there: %v", err)
	}
	if c, err := config.LoadWithoutKeys(file, nil); err != nil || c.RedisTLS.Wrong == nil {
		t.Errorf("who needs no keys is stopped by it, or not told: %v", err)
	}
}
