package config

import (
	"os"
	"strings"
	"testing"
)

// These look inside: they are about the tables that the rest is made of.

func TestNoVariableCanBelongToTwoAccounts(t *testing.T) {
	t.Parallel()
	for _, a := range accountKeys {
		for _, b := range accountKeys {
			if strings.HasSuffix(a.name, "_"+b.name) {
				t.Errorf("account x-%s's %s is account x's %s", strings.TrimSuffix(a.name, "_"+b.name), b.name, a.name)
			}
		}
	}
}

func TestTheExampleHasEveryKeyAndVariable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../storelink.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all := append(names(accountKeys), names(logKeys)...)
	all = append(all, names(topKeys, topLists...)...)
	all = append(all, names(redisKeys)...)
	for _, k := range all {
		if !strings.Contains(string(text), k+":") {
			t.Errorf("the key %s is not in it", k)
		}
	}
	for _, v := range append(envTop, envRedisURL, envAccount) {
		if !strings.Contains(string(text), v) {
			t.Errorf("the variable %s is not in it", v)
		}
	}
}
