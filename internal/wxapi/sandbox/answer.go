package sandbox

import (
	"encoding/json"
	"hash"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

func (c *call) refuse(r *refusal) {
	if r == tooFast && c.plan.draw(drawGateway, c.arrival, 0) < c.plan.GatewayRefusals {
		c.refuseAsGateway()
		return
	}
	c.answer(r.status, r.code, r.number, r.encode(), nil)
}

// refuseAsGateway answers 429 as what stands before WeChat Pay does.
func (c *call) refuseAsGateway() {
	if c.plan.RetryAfter > 0 {
		c.w.Header().Set("Retry-After", strconv.Itoa(c.plan.RetryAfter))
	}
	var page []byte
	if c.plan.GatewayBody != GatewayEmpty {
		page = proxyPage(http.StatusTooManyRequests)
	}
	c.answerPage(http.StatusTooManyRequests, page)
}

// answerPage answers with a page that is not signed, or with nothing.
func (c *call) answerPage(status int, page []byte) {
	c.wait(c.wayBack())
	c.stats.addAnswer(status, "")
	if page != nil {
		c.w.Header().Set("Content-Type", "text/html")
	}
	c.w.WriteHeader(status)
	c.w.Write(page) // whether it arrives is the caller's concern
}

func (c *call) wayBack() time.Duration {
	return c.plan.Latency - c.plan.Latency/2 + c.plan.delay(drawJitterOut, c.plan.JitterOut, c.arrival)
}

// wait takes time on the way, whether the caller is still there or not: what is in the network arrives.
func (c *call) wait(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.closing:
	}
}

// answer signs and writes an answer, spoilt as the call's fault has it, and says whether it was written whole and
// unspoilt. Just before that it calls tell.
func (c *call) answer(status int, code string, number int, body []byte, tell func()) bool {
	c.wait(c.wayBack())
	if c.kind == faultDropped {
		panic(http.ErrAbortHandler)
	}
	now, sequence := c.now().Add(c.plan.ClockOffset), c.answers.Add(1)
	padding := 0
	if c.kind == faultOversized {
		padding = max(0, c.plan.OversizedBytes-len(body))
	}
	h := c.w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)+padding))
	h.Set("Date", now.UTC().Format(http.TimeFormat)) // else the server would tell the true time
	h.Set("Request-Id", c.requestID(now, sequence, number))
	if c.kind != faultUnsigned {
		key := c.answerKey(c.plan.AnswerKey, c.r.Header.Get("Wechatpay-Serial"), sequence)
		err := sign(h, key, now, c.kind == faultWrongSignature, func(digest hash.Hash) {
			digest.Write(body)
			pad(digest, padding)
		})
		if err != nil {
			c.log.Error("the sandbox cannot sign", "error", err)
			panic(http.ErrAbortHandler)
		}
	}
	c.stats.addAnswer(status, code)
	if status != http.StatusOK && c.log.Enabled(c.r.Context(), slog.LevelDebug) {
		c.log.Debug("refused", "status", status, "code", code, "method", c.r.Method, "path", c.r.URL.Path,
			"request_id", h.Get("Request-Id"), "body", string(body))
	}
	return c.write(status, body, padding, tell)
}

func (c *call) write(status int, body []byte, padding int, tell func()) bool {
	controller := http.NewResponseController(c.w)
	if tell != nil {
		tell()
	}
	c.w.WriteHeader(status)
	switch c.kind {
	case faultTruncated:
		c.w.Write(body[:len(body)/2])
		controller.Flush()
		panic(http.ErrAbortHandler)
	case faultDripped:
		const drops = 20
		for i := range drops {
			c.wait(c.plan.DripFor / drops)
			if _, err := c.w.Write(body[len(body)*i/drops : len(body)*(i+1)/drops]); err != nil {
				return false
			}
			if controller.Flush() != nil || c.r.Context().Err() != nil {
				return false
			}
		}
		return false
	}
	if _, err := c.w.Write(body); err != nil {
		return false
	}
	if pad(c.w, padding) != nil || controller.Flush() != nil {
		return false
	}
	return c.kind == faultNone && c.r.Context().Err() == nil
}

// pad writes n spaces, which change nothing in JSON.
func pad(w io.Writer, n int) error {
	spaces := []byte(strings.Repeat(" ", min(n, 64<<10)))
	for n > 0 {
		written, err := w.Write(spaces[:min(n, len(spaces))])
		if err != nil {
			return err
		}
		n -= written
	}
	return nil
}

func encode(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // it cannot be: the wire types are texts and numbers
	}
	return body
}
