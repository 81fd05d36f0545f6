package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/config"
	"github.com/storelink/storelink/internal/job"
)

// single is one account as a file of accounts_dir has it; its keys are beside it.
func single(name, mchid string) string {
	return "name: " + name + "\nmode: partner\nmchid: \"" + mchid + "\"\nserial_no: 3775B6A45ACD588826D15E583A95F5DD\n" +
		"private_key: private.pem\nwechatpay_public_key_id: PUB_KEY_ID_0119000000012026\nwechatpay_public_key: wechatpay.pem\n"
}

// accountsFolder is a folder with keys for accounts in accounts.d.
func accountsFolder(t *testing.T) folder {
	f := newFolder(t)
	f.write("accounts.d/private.pem", pemOf("PRIVATE KEY"), 0o600)
	f.write("accounts.d/wechatpay.pem", pemOf("PUBLIC KEY"), 0o644)
	return f
}

func namesOf(c *config.Config) string {
	var all []string
	for _, a := range c.Accounts {
		all = append(all, a.Name)
	}
	return strings.Join(all, " ")
}

func TestAccountsComeFromTheFileAndFromEachFileOfTheFolder(t *testing.T) {
	t.Parallel()
	f := accountsFolder(t)
	f.write("accounts.d/20-two.yml", "accounts:\n  - "+strings.ReplaceAll(single("two", "2"), "\n", "\n    ")+"\n", 0o600)
	f.write("accounts.d/10-one.yaml", single("one", "1")+"rate: 5\n", 0o600)
	f.write("accounts.d/.hidden.yaml", "colour: red\n", 0o600)
	f.write("accounts.d/one.yaml~", "colour: red\n", 0o600)
	f.write("accounts.d/30-empty.yaml", "# nobody yet\n", 0o600)
	c := f.good("accounts_dir: accounts.d\n"+partner, "STORELINK_ACCOUNT_TWO_RATE=7")
	if got := namesOf(c); got != "acme one two" {
		t.Fatalf("got %s", got)
	}
	one, _ := c.Account("one")
	two, _ := c.Account("two")
	if one.Rate != 5 || two.Rate != 7 || one.PrivateKey.Empty() || len(two.AnswerKeys) != 1 {
		t.Errorf("got %+v and %+v", one, two)
	}
	if c.AccountsDir != filepath.Join(f.dir, "accounts.d") {
		t.Errorf("accounts_dir is %s", c.AccountsDir)
	}
	// By the environment, and with none in the file.
	c = f.good("", "STORELINK_ACCOUNTS_DIR="+filepath.Join(f.dir, "accounts.d"))
	if got := namesOf(c); got != "one two" {
		t.Errorf("got %s", got)
	}
}

func TestANameInTwoFilesIsToldWithBoth(t *testing.T) {
	t.Parallel()
	f := accountsFolder(t)
	f.write("accounts.d/a.yaml", single("same", "1"), 0o600)
	f.write("accounts.d/b.yaml", single("same", "2"), 0o600)
	_, err := f.load("accounts_dir: accounts.d\n")
	wants(t, err, 0, filepath.Join("accounts.d", "b.yaml"), "the name same stands twice", filepath.Join("accounts.d",
		"a.yaml"))
	f.write("accounts.d/b.yaml", single("acme", "2"), 0o600)
	_, err = f.load("accounts_dir: accounts.d\n" + partner)
	wants(t, err, 0, filepath.Join("accounts.d", "b.yaml"), "the name acme stands twice, first in line 3 of ",
		"storelink.yaml")
}

func TestProblemsOfTheFoldersFilesAreToldWhereTheyStand(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"another key":       {single("one", "1") + "colour: red\n", "one.yaml:8: "},
		"the whole file":    {"redis: redis://x\naccounts: []\n", "redis"},
		"a list":            {"- " + strings.ReplaceAll(single("one", "1"), "\n", "\n  "), "not a list"},
		"a word":            {"acme\n", "not a single value"},
		"no YAML":           {"a: [\n", "one.yaml"},
		"a rate of its own": {single("one", "1900000001") + "rate: 3\n", "they share one pace"},
		"without a name":    {"mode: partner\n", "name is missing"},
		"a second document": {single("one", "1") + "---\nname: x\n", "a second document"},
		"a key that is no certificate": {single("one", "1") + "certificate: wechatpay.pem\n",
			"certificate is a public key: it must be the API certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := accountsFolder(t)
			f.write("accounts.d/one.yaml", c.text, 0o600)
			_, err := f.load("accounts_dir: accounts.d\n" + partner)
			wants(t, err, 0, "one.yaml", c.says)
		})
	}
	f := newFolder(t)
	_, err := f.load("accounts_dir: no-such-folder\n")
	wants(t, err, 1, "accounts_dir: \"no-such-folder\" cannot be read")
	_, err = f.load("accounts_dir: keys/private.pem\n")
	wants(t, err, 1, "accounts_dir", "cannot be read")
}

func TestAFoldersFileWithAKeyInItIsForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	f := accountsFolder(t)
	text := strings.Replace(single("one", "1"), "private.pem", quotedYAML(pemOf("PRIVATE KEY")), 1)
	f.write("accounts.d/one.yaml", text, 0o644)
	_, err := f.load("accounts_dir: accounts.d\n")
	wants(t, err, 0, "one.yaml", "chmod 600")
	f.write("accounts.d/one.yaml", text, 0o600)
	f.good("accounts_dir: accounts.d\n")
}

func quotedYAML(s string) string { return `"` + strings.ReplaceAll(s, "\n", `\n`) + `"` }

func TestWhoNeedsNoKeysNeedNotReadTheFolder(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	path := f.write("storelink.yaml", "redis: redis://127.0.0.1\naccounts_dir: elsewhere\n", 0o600)
	c, err := config.LoadWithoutKeys(path, []string{"STORELINK_ACCOUNT_X_RATE=5"})
	if err != nil || c.Redis.Empty() {
		t.Fatalf("got %+v, %v", c, err)
	}
}

func TestTheConfigurationsOwnFolderMayBeThatOfTheAccounts(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	inKeys := strings.NewReplacer(": private.pem", ": keys/private.pem", ": wechatpay.pem", ": keys/wechatpay.pem")
	f.write("other.yaml", inKeys.Replace(single("one", "1")), 0o600)
	if got := namesOf(f.good("accounts_dir: .\n" + partner)); got != "acme one" {
		t.Errorf("got %s", got)
	}
}

func TestWhatEverybodyMayChangeOrReadIsWarnedOf(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("keys/wechatpay.pem", pemOf("PUBLIC KEY"), 0o646)
	path := f.write("storelink.yaml", "redis: redis://:"+password+"@127.0.0.1\n"+partner, 0o644)
	c, err := config.Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(c.Warnings, "\n")
	for _, says := range []string{"wechatpay.pem may be changed by everybody", "chmod o-w", "has Redis' password in it",
		"chmod 600"} {
		if !strings.Contains(all, says) {
			t.Errorf("it does not say %q: %s", says, all)
		}
	}
	if strings.Contains(all, password) {
		t.Errorf("it shows the password: %s", all)
	}
	if c = newFolder(t).good(partner); len(c.Warnings) > 0 {
		t.Errorf("got %q", c.Warnings)
	}
}

func TestSystemdsCredentialsAreTheServicesAlone(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("credentials/acme.pem", pemOf("PRIVATE KEY"), 0o440) // as systemd with access lists has them
	text := strings.Replace(partner, "keys/private.pem", "${CREDENTIALS_DIRECTORY}/acme.pem", 1)
	environ := "CREDENTIALS_DIRECTORY=" + filepath.Join(f.dir, "credentials")
	f.good(text, environ)
	f.write("credentials/acme.pem", pemOf("PRIVATE KEY"), 0o444)
	_, err := f.load(text, environ)
	wants(t, err, 0, "chmod 600")
	f.write("elsewhere.pem", pemOf("PRIVATE KEY"), 0o460) // not even root's, for a group of root's
	_, err = f.load(strings.Replace(partner, "keys/private.pem", "${CREDENTIALS_DIRECTORY}/../elsewhere.pem", 1), environ)
	wants(t, err, 0, "chmod 600")
}

func TestAnAccountIsTheSameWhereverItStands(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	a := f.good(partner).Accounts[0]
	b := f.good("# moved down\n\n" + partner).Accounts[0]
	if !a.Equal(b) {
		t.Error("a line more makes another account of it")
	}
	for _, change := range []string{"    rate: 3\n", "    passing_codes: [X]\n",
		"    certificate: keys/certificate.pem\n"} {
		if a.Equal(f.good(partner + change).Accounts[0]) {
			t.Errorf("%q makes no other account of it", change)
		}
	}
	if err := os.WriteFile(filepath.Join(f.dir, "keys/private.pem"), []byte(strings.Replace(pemOf("PRIVATE KEY"), "AA",
		"BB", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if a.Equal(f.good(partner).Accounts[0]) {
		t.Error("another key makes no other account of it")
	}
}

// FuzzAccountsFile: whatever a file of the folder holds, loading never panics, and gives a checked configuration or a
// *job.Error that shows no secret.
func FuzzAccountsFile(f *testing.F) {
	for _, seed := range []string{"", single("one", "1"), "accounts: []", "accounts: [{name: a}, {name: a}]",
		"- name: a", "name: acme",
		"accounts: &a {accounts: *a}", "<<: {accounts: 1}", "name: ${SECRET}", "private_key: ${SECRET}\nname: a",
		"---\n---\n", "{", "*a"} {
		f.Add([]byte(seed))
	}
	const secret = "Ex!Horse@7/battery"
	f.Fuzz(func(t *testing.T, text []byte) {
		c := accountsFolder(t)
		c.write("accounts.d/one.yaml", string(text), 0o600)
		got, err := c.load("accounts_dir: accounts.d\n"+partner, "SECRET="+secret)
		if err != nil {
			if job.AsError(err).Code != job.CodeBadConfig || strings.Contains(err.Error(), secret) {
				t.Fatalf("got %v", err)
			}
			return
		}
		seen := map[string]bool{}
		for _, a := range got.Accounts {
			if seen[a.Name] || a.Identity() == "" || a.PrivateKey.Empty() || len(a.AnswerKeys) == 0 {
				t.Errorf("account %+v of %q", a, text)
			}
			seen[a.Name] = true
		}
	})
}
