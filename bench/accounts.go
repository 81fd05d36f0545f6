package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/storelink/storelink/bench/harness"
)

// accounts has ten accounts of ten identities in one worker, each with work for longer than is looked at. They are at ten
// sandboxes, since a sandbox has one partner.
func accounts(b *bench) ([]harness.Figure, error) {
	const n = 10
	span := pick(b, 60*time.Second, 10*time.Second)
	work := int(span.Seconds())*calls20 + 200
	main, err := b.newWorld(true, "--rate", strconv.Itoa(calls20), "--latency", "40ms")
	if err != nil {
		return nil, err
	}
	defer main.close()
	worlds := []*world{main}
	for i := range n - 1 {
		w, err := b.newWorld(false, "--rate", strconv.Itoa(calls20), "--latency", "40ms", "--mchid", fmt.Sprint(1900000010+i))
		if err != nil {
			return nil, err
		}
		defer w.close()
		worlds = append(worlds, w)
	}
	var config strings.Builder
	config.WriteString("accounts:\n")
	for i, w := range worlds {
		text, err := os.ReadFile(w.config)
		if err != nil {
			return nil, err
		}
		_, list, _ := strings.Cut(string(text), "accounts:\n")
		partner, _, _ := strings.Cut(list, "  - name: sandbox-brand")
		dir := filepath.Dir(w.config) + "/"
		partner = strings.ReplaceAll(strings.ReplaceAll(partner, "private_key: ", "private_key: "+dir), "key: wechatpay", "key: "+dir+"wechatpay")
		config.WriteString(strings.Replace(partner, "name: sandbox-partner", fmt.Sprintf("name: account-%d", i), 1))
	}
	path := filepath.Join(main.dir, "accounts.yaml")
	if err := os.WriteFile(path, []byte(config.String()), 0o600); err != nil {
		return nil, err
	}
	list, err := b.list(work * 200)
	if err != nil {
		return nil, err
	}
	main.config = path
	for i := range worlds {
		if _, err := main.submit(list, i, "--account", fmt.Sprintf("account-%d", i)); err != nil {
			return nil, err
		}
	}
	p, err := main.worker(path)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := pause(b.ctx, span+2*time.Second); err != nil {
		return nil, err
	}
	cpu, resident, err := p.Usage()
	if err != nil {
		return nil, err
	}
	took := time.Since(began)
	var shares []float64
	refused := int64(0)
	for i, w := range worlds {
		s, err := w.stats()
		if err != nil || len(s.Interfaces) != 1 {
			return nil, errors.Join(err, fmt.Errorf("account %d made no call", i))
		}
		in := s.Interfaces[0]
		shares = append(shares, 100*float64(in.Admitted-1)/(calls20*in.Last.Sub(in.First).Seconds()))
		refused += in.Refused
	}
	_, spread := harness.Median(shares)
	return []harness.Figure{
		harness.Figure{Group: "accounts", Name: "ten accounts at 20/s in one worker: the least share of one", Value: slices.Min(shares),
			Unit: "%", Spread: spread, Note: fmt.Sprintf("%d calls refused", refused)}.AtLeast(97),
		harness.Figure{Group: "accounts", Name: "that worker: of a core", Value: 100 * cpu.Seconds() / took.Seconds(),
			Unit: "%"}.AtMost(50),
		{Group: "accounts", Name: "that worker: resident", Value: resident, Unit: "MiB"},
	}, nil
}
