package config_test

import (
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/config"
)

const hooks = `notify:
  hosts: [example.com, qyapi.weixin.qq.com]
  hooks:
    - {name: ops, url: "https://example.com/hunter2"}
    - {name: robot, url: "${ROBOT}", format: wecom}
`

func TestHooksHaveNames(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	got := f.good(hooks, "ROBOT=https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k").Notify.Hooks
	if len(got) != 2 || got[0].Name != "ops" || got[0].URL.Reveal() != "https://example.com/hunter2" || got[0].Format != config.HookJSON ||
		got[1].Name != "robot" || !strings.HasSuffix(got[1].URL.Reveal(), "?key=k") || got[1].Format != config.HookWeCom {
		t.Errorf("got %+v", got)
	}

	// Who needs no keys learns their names, whether or not the addresses can be had.
	c, err := config.LoadWithoutKeys(f.write("open.yaml", hooks, 0o644), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Notify.Hooks; len(got) != 2 || got[1].Name != "robot" || !got[0].URL.Empty() {
		t.Errorf("got %+v", got)
	}
}

func TestWrongHooksAreToldByLine(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		`[{name: ops}]`:                                   "hook ops has no url",
		`[{url: "https://example.com/"}]`:                 "a hook needs a name",
		`[{name: Ops!, url: "https://example.com/"}]`:     "a hook needs a name",
		`[{name: a, url: u}, {name: a, url: u}]`:          "two hooks of the name a",
		`[{name: a, url: u, format: xml}]`:                "json or wecom",
		`[{name: a, adress: u}]`:                          "adress",
		`{ops: "https://example.com/"}`:                   "must be a list",
		`[{name: a, url: "https://${NOT_GIVEN}/hunter"}]`: "NOT_GIVEN",
	} {
		_, err := newFolder(t).load("notify:\n  hooks: " + text + "\n")
		wants(t, err, 2, says)
	}
	f := newFolder(t)
	_, err := config.Load(f.write("storelink.yaml", hooks, 0o644), []string{"ROBOT=x"})
	wants(t, err, 4, "the url of hook ops stands in a file that others than its owner may read")
}
