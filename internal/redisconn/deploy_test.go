package redisconn_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestTheComposeFilesRedisKeepsWhatItIsGiven(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^ *command: redis-server (--.*)$`).FindSubmatch(text)
	if m == nil {
		t.Fatal("it has no redis-server")
	}
	var settings []string
	// The password is another test's; what is not said otherwise is as compose has it then.
	command := regexp.MustCompile(` --requirepass \$\{[^}]*\}`).ReplaceAllString(string(m[1]), "")
	command = regexp.MustCompile(`\$\{\w+:-([^}]*)\}`).ReplaceAllString(command, "$1")
	for _, s := range strings.Split(command, "--")[1:] {
		settings = append(settings, strings.TrimSpace(s))
	}
	if w := check(t, startRedis(t, settings...).url("")); len(w) != 0 {
		t.Errorf("with %q it is warned of: %q", settings, w)
	}
}
