package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// faultFlags are the flags that set faults. Each is named as the fault is in JSON, with - for _, so that the command
// line, --faults FILE and POST /sandbox/faults speak one language.
type faultFlags struct {
	given map[string]any // by name in JSON
}

// The flags, by what they take.
var faultFlagTable = []struct{ name, takes, usage string }{
	{"seed", "NUMBER", "what the faults are drawn by"},

	{"latency", "TIME", "the way there and back, one half each"},
	{"jitter-in", "TIME", "up to this much more on the way there, before a call counts towards the pace"},
	{"jitter-out", "TIME", "up to this much more on the way back"},
	{"jitter-tail", "SHARE", "of calls that come later still, as where a packet is sent again"},
	{"jitter-tail-by", "TIME", "by how much (default 200ms)"},
	{"jitter-per", "WORD", "what --jitter-in is drawn for: each call or each connection (default call)"},
	{"work", "TIME", "WeChat Pay's own work on a call, after it has counted towards the rate limit"},
	{"work-spread", "TIME", "up to this much more work"},
	{"also-used", "CALLS", "that another client makes a second at the same allowance"},

	{"server-errors", "SHARE", "of calls answered 500 SYSTEM_ERROR, nothing done"},
	{"cut-before", "SHARE", "of calls whose connection is cut, nothing done"},
	{"throttled", "SHARE", "of calls answered 429 for no reason, nothing done"},
	{"gateway-refusals", "SHARE", "of the 429s, whatever they are for: a gateway's, not signed and no JSON"},
	{"gateway-body", "WORD", "what such a 429 holds: html or empty (default html)"},
	{"retry-after", "NUMBER", "of seconds, in its Retry-After header (default: it has none)"},
	{"proxy-pages", "SHARE", "of calls answered with a proxy's HTML page, nothing done"},
	{"proxy-status", "NUMBER", "the status of that page (default 502)"},
	{"dropped", "SHARE", "of calls carried out and never answered"},
	{"truncated", "SHARE", "of calls carried out and answered by half"},
	{"wrong-signatures", "SHARE", "of calls carried out and answered with a wrong signature (WECHATPAY/SIGNTEST/)"},
	{"unsigned", "SHARE", "of calls carried out and answered without a signature"},
	{"dripped", "SHARE", "of calls carried out and answered in drops"},
	{"drip-for", "TIME", "how long such an answer takes (default 10s)"},
	{"oversized", "SHARE", "of calls carried out and answered at great length"},
	{"oversized-bytes", "NUMBER", "the length of such an answer (default 16 MiB)"},
	{"strangers", "SHARE", "of answers that also name a store nobody asked about"},

	{"passing-stores", "SHARE", "of the times that a store is sent: it fails in passing"},
	{"passing-store-ids", "IDS", "stores that do so every time"},
	{"passing-code", "CODE", "their code (default SYSTEM_ERROR)"},
	{"failing-stores", "SHARE", "of stores: they fail for good, with INVALID_REQUEST"},
	{"failing-store-ids", "FAILURES", "stores that fail for good: ID[:CODE[:MESSAGE]],…"},
	{"missing-stores", "SHARE", "of the times that a store is sent: neither list names it, nothing done"},
	{"missing-store-ids", "IDS", "stores that are so every time"},
	{"double-stores", "SHARE", "of the times that a store is sent: both lists name it"},
	{"double-store-ids", "IDS", "stores that are so every time"},
	{"poisoned-stores", "SHARE", "of stores: their calls are refused whole, with 400 PARAM_ERROR"},
	{"poisoned-store-ids", "IDS", "stores that are so"},
	{"poison-detail", "WORD", "what detail.field says of them: store, list or none (default store)"},
	{"already-code", "CODE", "what fails a store that is so already (default: it succeeds once more)"},

	{"open-stocks", "IDS", "stocks and bundles that are open to all stores: 400 INVALID_REQUEST"},
	{"unknown-stocks", "IDS", "coupons, stocks and bundles that do not exist: 400 INVALID_REQUEST"},
	{"not-found-stocks", "IDS", "the same, answered 404 NOT_FOUND"},
	{"ungranted-brands", "IDS", "brands that have not granted the partner the product: 403 NO_AUTH"},

	{"outage", "WORD", "what every call meets: 500, 429, cut, hang, signature or proxy"},
	{"answer-key", "WORD", "what signs: first, second, platform or alternate (default: the key that the call names)"},
	{"clock-offset", "TIME", "how far the sandbox's clock is ahead"},
}

func (ff *faultFlags) register(flags *pflag.FlagSet) {
	ff.given = make(map[string]any)
	for _, f := range faultFlagTable {
		flags.Var(faultFlag{ff.given, strings.ReplaceAll(f.name, "-", "_"), f.takes}, f.name, f.usage)
	}
}

// faults are those of the file, if one is named, with the flags that were given over them.
func (ff *faultFlags) faults(file string) (f sandbox.Faults, err error) {
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return f, job.Errorf(job.CodeUsage, "--faults cannot be read: %w", err)
		}
		if err := json.Unmarshal(text, &f); err != nil {
			return f, job.Errorf(job.CodeUsage, "--faults %s: %w", file, err)
		}
	}
	text, err := json.Marshal(ff.given)
	if err != nil {
		return f, fmt.Errorf("encoding the flags: %w", err)
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return f, job.Errorf(job.CodeUsage, "%w", err)
	}
	return f, f.Validate()
}

// faultFlag is one of the flags: a pflag.Value.
type faultFlag struct {
	given map[string]any
	name  string
	takes string
}

// Type is what help shows for the value.
func (f faultFlag) Type() string { return f.takes }

// String is empty: a fault that is not given is off, and help need not say so.
func (f faultFlag) String() string { return "" }

// Set reads the value as the fault's kind has it.
func (f faultFlag) Set(text string) error {
	var value any
	var err error
	switch f.takes {
	case "NUMBER":
		value, err = strconv.ParseUint(text, 10, 64)
	case "TIME":
		value = text
		_, err = time.ParseDuration(text)
	case "CALLS":
		value, err = parseCalls(text)
	case "SHARE":
		value, err = parseShare(text)
	case "IDS":
		value, err = parseIDs(text)
	case "FAILURES":
		value, err = parseFailures(text)
	default:
		value = text
	}
	if err != nil {
		return err
	}
	f.given[f.name] = value
	return nil
}

// parseShare reads 0.05 and 5%.
func parseShare(text string) (float64, error) {
	number, percent := strings.CutSuffix(text, "%")
	share, err := strconv.ParseFloat(number, 64)
	if percent {
		share /= 100
	}
	if err != nil || !(share >= 0 && share <= 1) {
		return 0, fmt.Errorf("a share is 0 to 1, or 0%% to 100%%")
	}
	return share, nil
}

// parseCalls reads a number of calls a second: 5, 0.5.
func parseCalls(text string) (float64, error) {
	calls, err := strconv.ParseFloat(text, 64)
	if err != nil || !(calls >= 0 && calls <= math.MaxFloat64) {
		return 0, fmt.Errorf("it is a number of calls a second")
	}
	return calls, nil
}

func parseIDs(text string) ([]string, error) {
	ids := strings.Split(text, ",")
	for _, id := range ids {
		if !job.ValidID(id) {
			return nil, fmt.Errorf("%q is no ID", id)
		}
	}
	return ids, nil
}

func parseFailures(text string) (failures []sandbox.StoreFailure, err error) {
	for one := range strings.SplitSeq(text, ",") {
		id, rest, _ := strings.Cut(one, ":")
		code, message, _ := strings.Cut(rest, ":")
		if !job.ValidID(id) {
			return nil, fmt.Errorf("%q is no ID[:CODE[:MESSAGE]]", one)
		}
		failures = append(failures, sandbox.StoreFailure{StoreID: id, Code: code, Message: message})
	}
	return failures, nil
}
