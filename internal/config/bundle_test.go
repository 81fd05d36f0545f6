package config_test

import (
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/job"
)

// marker is what every key of these tests has in its PEM text; where it shows, a secret has leaked.
const marker = "HUNTERHUNTERHUNTER"

// password is the Redis password of these tests.
const password = "correct-horse"

func pemOf(kind string) string {
	// The marker is the Base64 itself, so that it stands in the text.
	return "-----BEGIN " + kind + "-----\n" + marker + "AA\n-----END " + kind + "-----\n"
}

// folder is a configuration's folder with keys in it.
type folder struct {
	t   *testing.T
	dir string
}

func newFolder(t *testing.T) folder {
	t.Helper()
	f := folder{t, t.TempDir()}
	f.write("keys/private.pem", pemOf("PRIVATE KEY"), 0o600)
	f.write("keys/wechatpay.pem", pemOf("PUBLIC KEY"), 0o644)
	f.write("keys/certificate.pem", pemOf("CERTIFICATE"), 0o644)
	return f
}

func (f folder) write(name, text string, mode os.FileMode) string {
	f.t.Helper()
	path := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		f.t.Fatal(err)
	}
	return path
}

// load writes the configuration and loads it.
func (f folder) load(text string, environ ...string) (*config.Config, error) {
	f.t.Helper()
	return config.Load(f.write("storelink.yaml", text, 0o600), environ)
}

// good is load of what must be well.
func (f folder) good(text string, environ ...string) *config.Config {
	f.t.Helper()
	c, err := f.load(text, environ...)
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

// partner is a whole account, to which lines can be added.
const partner = `accounts:
  - name: acme
    mode: partner
    mchid: "1900000001"
    serial_no: 3775B6A45ACD588826D15E583A95F5DD
    private_key: keys/private.pem
    wechatpay_public_key_id: PUB_KEY_ID_0119000000012026
    wechatpay_public_key: keys/wechatpay.pem
`

// wants checks an error: its code, its line (0: not asked) and what its message must say.
func wants(t *testing.T, err error, line int, says ...string) {
	t.Helper()
	e := (*job.Error)(nil)
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a *job.Error", err)
	}
	if e.Code != job.CodeBadConfig || job.ExitStatus(err) != 2 {
		t.Errorf("code is %s, exit status %d", e.Code, job.ExitStatus(err))
	}
	if line != 0 && (e.Line != line || filepath.Base(e.File) != "storelink.yaml") {
		t.Errorf("it is told at %s:%d, want line %d: %s", e.File, e.Line, line, e.Message)
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("it does not say %q:\n%s", s, err)
		}
	}
	if s := err.Error(); strings.Contains(s, marker) || strings.Contains(s, password) {
		t.Errorf("it shows a secret:\n%s", s)
	}
}

func TestThePEMOfTheseTestsIsOne(t *testing.T) {
	t.Parallel()
	if b, _ := pem.Decode([]byte(pemOf("PRIVATE KEY"))); b == nil {
		t.Fatal("it is not")
	}
}

func loadPath(path string) (*config.Config, error) { return config.Load(path, nil) }

func fileMode(m uint32) os.FileMode { return os.FileMode(m) }
