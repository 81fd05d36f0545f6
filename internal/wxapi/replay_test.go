package wxapi_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi"
)

// An old answer that is sent again proves nothing: not that other stores were associated, not that these were anew, nor that
// a job is hopeless; and not to another client of the process.
func TestOldAnswersProveNothing(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"success": 200, "refusal": 404} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var headers atomic.Pointer[http.Header]
			body := `{"code":"NOT_FOUND","message":"x"}`
			server := serve(t, func(w http.ResponseWriter, r *seen) {
				if status == 200 {
					body = all(r.stores)
				}
				if headers.Load() == nil {
					h := signed(body, signing{})
					headers.Store(&h)
				}
				for name, values := range *headers.Load() {
					w.Header()[name] = values
				}
				reply(w, status, body, signing{none: true})
			})
			config := partner(server.URL)
			config.Replays = wxapi.NewReplays()
			client := newClient(t, config)
			if _, err := client.Do(t.Context(), call(3)); status == 200 && err != nil {
				t.Fatal(err)
			} else if status != 200 && err.(*wxapi.Failure).Class != job.ClassJob {
				t.Fatal(err)
			}
			for which, client := range map[string]*wxapi.Client{"the same": client, "another": newClient(t, config)} {
				f := fail(t, client, call(3))
				if f.Class != job.ClassPassingCall || !f.Unanswered || !strings.Contains(f.Message.String(), "an old answer") {
					t.Errorf("%s client: %+v", which, f)
				}
			}
		})
	}
}
